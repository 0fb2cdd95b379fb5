/** The plugin that keeps the last state of runs in the notebooks that show them. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { CodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { IOutputModel } from '@jupyterlab/rendermime';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { FINAL } from '../../models/common/words';
import type { RunLibrary } from '../../models/run/library';
import type { RunModel } from '../../models/run/run';
import { toHtml, toText } from '../../models/run/stored';
import { RUN_MIME } from '../../wire';
import type { WireBundle } from '../../wire';
import { IRunLibrary } from './library';

const WIDGET_MIME = 'application/vnd.jupyter.widget-view+json';

/** Writes what is known of the runs into a notebook just before it is saved. */
export const keep: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:keep',
  description: 'Keeps the last state of runs in the notebooks that show them.',
  autoStart: true,
  requires: [INotebookTracker, IRunLibrary],
  activate: (_app, notebooks: INotebookTracker, library: IRunLibrary) => {
    notebooks.widgetAdded.connect((_, panel) => {
      // Not when a run ends: that would mark every open notebook as changed.
      panel.context.saveState.connect((_context, state) => {
        if (state === 'started' && panel.content.model) {
          keepRuns(panel.content.model, library.runs);
        }
      });
    });
  }
};

function keepRuns(notebook: INotebookModel, runs: RunLibrary): void {
  for (const cell of notebook.cells) {
    if (cell.type !== 'code') {
      continue;
    }
    const outputs = (cell as CodeCellModel).outputs;
    for (let i = 0; i < outputs.length; i++) {
      keepRun(outputs.get(i), runs);
    }
  }
}

function keepRun(output: IOutputModel, runs: RunLibrary): void {
  const bundle = output.data[RUN_MIME] as unknown as WireBundle | undefined;
  const model = bundle ? runs.peek(bundle.runId) : null;
  const card = model?.card();
  if (!bundle || !model || !card || isKept(bundle, model)) {
    return;
  }
  const data: Record<string, ReadonlyPartialJSONValue | undefined> = { ...output.data };
  delete data[WIDGET_MIME];
  data[RUN_MIME] = { ...bundle, snapshot: card } as unknown as ReadonlyPartialJSONValue;
  data['text/html'] = toHtml(card, model.charts.drawn());
  data['text/plain'] = toText(card);
  output.setData({ data });
}

/** Whether the notebook holds all that this page knows. */
function isKept(bundle: WireBundle, model: RunModel): boolean {
  const kept = bundle.snapshot;
  const isNew = kept !== null && kept.run.seq >= (model.run?.seq ?? 0);
  return isNew && (FINAL.has(kept.run.status) || !model.isLive);
}
