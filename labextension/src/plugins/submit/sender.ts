/** Makes runs of what is open in the page. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { Cell, CodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { PartialJSONObject } from '@lumino/coreutils';
import {
  cellBody,
  notebookBody,
  parametersOf,
  scriptBody,
  sendsItself,
  wordsOf
} from '../../models/submit/submitting';
import type { Setting } from '../../models/submit/submitting';
import { Commands } from '../../tokens';
import type { IServer, Trans } from '../../tokens';
import { RUN_MIME } from '../../wire';
import type { WireBundle, WireRun, WireSubmit } from '../../wire';
import { askFor } from '../common/form';
import type { IRunsPanel } from '../runs/runs';
import type { Offers } from './offers';
import { given, parameterParts } from './parameters';
import { folderOf, kernelLabel, settingOf } from './setting';
import type { Wanted } from './setting';

const PARAMETERS = 'parameters';

export class Sender {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly server: IServer,
    private readonly panel: IRunsPanel,
    private readonly offers: Offers,
    private readonly trans: Trans
  ) {}

  async sendCell(panel: NotebookPanel, cell: Cell): Promise<void> {
    const code = cell.model.sharedModel.getSource();
    if (sendsItself(code)) {
      await this.app.commands.execute('notebook:run-cell');
      return;
    }
    const { path } = panel.context;
    const model = cell.model as CodeCellModel;
    const origin = { notebook: path, cellId: model.id, executionCount: null };
    const job = { code, path, origin, cells: otherCells(panel.content.model, model) };
    const by = await this.settingOf({ kernel: kernelOf(panel) });
    const run = await this.submitted(cellBody(job, by));
    if (!model.isDisposed) {
      showRun(model, run);
    }
  }

  async sendNotebook(panel: NotebookPanel): Promise<void> {
    const { app, offers, server, trans, workspace } = this;
    const { context } = panel;
    const { path } = context;
    const model = panel.content.model;
    if (!model) {
      return;
    }
    const kernel = kernelOf(panel);
    const folder = await folderOf(app, server, path);
    const parameters = parametersOf(parametersCell(model));
    const offer = await offers.of(path, workspace, await kernelLabel(app, kernel, trans));
    const run = await askFor(
      trans('Submit %1', path.split('/').at(-1)!),
      [...offer.fields, ...parameterParts(parameters, trans), ...offer.folderField(folder)],
      trans('Submit notebook'),
      async answer => {
        const { displayName, choices } = offer.read(answer);
        if (choices.withFolder && folder !== null && model.dirty) {
          await context.save();
        }
        const job = {
          path,
          content: JSON.stringify(model.toJSON()),
          parameters: given(parameters, answer),
          experiment: choices.experiment,
          displayName,
          folder: choices.withFolder ? folder : null
        };
        const by = await this.settingOf({ kernel, ...choices });
        const made = await this.submitted(notebookBody(job, by));
        offer.keep(choices);
        return made;
      }
    );
    await this.open(run);
  }

  async sendFile(path: string): Promise<void> {
    const { app, offers, server, trans, workspace } = this;
    const folder = await folderOf(app, server, path);
    const offer = await offers.of(path, workspace, await kernelLabel(app, null, trans));
    const run = await askFor(
      trans('Run %1 as experiment', path.split('/').at(-1)!),
      [offer.argumentsField(), ...offer.fields, ...offer.folderField(folder)],
      trans('Run'),
      async answer => {
        const { displayName, choices } = offer.read(answer);
        const job = {
          path,
          content: await this.textOf(path),
          arguments: wordsOf(choices.arguments),
          experiment: choices.experiment,
          displayName,
          folder: choices.withFolder ? folder : null
        };
        const by = await this.settingOf({ kernel: null, ...choices });
        const made = await this.submitted(scriptBody(job, by));
        offer.keep(choices);
        return made;
      }
    );
    await this.open(run);
  }

  private get workspace(): string {
    return this.panel.model.workspace;
  }

  private settingOf(wanted: Wanted): Promise<Setting> {
    return settingOf(this.app, this.server, this.workspace, wanted, this.trans);
  }

  private async textOf(path: string): Promise<string> {
    const { contents } = this.app.serviceManager;
    const file = await contents.get(path, { type: 'file', format: 'text', content: true });
    return String(file.content);
  }

  private async submitted(body: WireSubmit): Promise<WireRun> {
    const run = await this.server.rest.submit(body);
    this.panel.model.take(run);
    return run;
  }

  private async open(run: WireRun | null): Promise<void> {
    if (run) {
      await this.app.commands.execute(Commands.open, { runId: run.runId });
    }
  }
}

function kernelOf({ sessionContext }: NotebookPanel): string | null {
  const { session, kernelPreference } = sessionContext;
  return session?.kernel?.name ?? kernelPreference.name ?? null;
}

/** The code of a notebook's other cells, by the count with which they were executed. */
function otherCells(notebook: INotebookModel | null, own: CodeCellModel): Record<string, string> {
  const found: Record<string, string> = {};
  for (const cell of notebook?.cells ?? []) {
    if (cell.type === 'code' && cell !== own) {
      const { executionCount, sharedModel } = cell as CodeCellModel;
      if (executionCount !== null) {
        found[executionCount] = sharedModel.getSource();
      }
    }
  }
  return found;
}

function parametersCell(notebook: INotebookModel): string {
  for (const cell of notebook.cells) {
    const tags = cell.getMetadata('tags') as unknown;
    if (cell.type === 'code' && Array.isArray(tags) && tags.includes(PARAMETERS)) {
      return cell.sharedModel.getSource();
    }
  }
  return '';
}

/** Show the run below its cell, in place of an earlier one. */
function showRun({ outputs }: CodeCellModel, run: WireRun): void {
  const bundle: WireBundle = {
    version: 1,
    runId: run.runId,
    workspace: run.workspace,
    show: 'full',
    snapshot: null
  };
  const others = outputs.toJSON().filter(output => {
    const data = output.data as Record<string, unknown> | undefined;
    return !(data && RUN_MIME in data);
  });
  outputs.fromJSON([
    ...others,
    {
      output_type: 'display_data',
      metadata: {},
      data: {
        [RUN_MIME]: bundle as unknown as PartialJSONObject,
        'text/plain': `Run ${run.runId}`
      }
    }
  ]);
  if (run.warnings.length > 0) {
    Notification.warning(run.warnings[0].slice(0, 140));
  }
}
