/** The commands that do a run once more. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { copyIcon, refreshIcon } from '@jupyterlab/ui-components';
import { distinction, pythonOf } from '../../models/common/words';
import { typed } from '../../models/submit/submitting';
import { Commands, IServer, RepeatCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { attempt } from '../common/attempt';
import { askFor } from '../common/form';
import type { Answer } from '../common/form';
import { IRunOfCommand, RUN_ARGUMENTS } from '../runs/commands';
import { IRunLibrary } from '../runs/library';
import { IRunsPanel } from '../runs/runs';

/** Does a run once more: as code in a notebook, or at once with other parameters. */
export const repeat: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:repeat',
  description: 'Clones and retries runs.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IRunsPanel, IRunOfCommand],
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    panel: IRunsPanel,
    runOf: IRunOfCommand,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null
  ) => {
    app.commands.addCommand(RepeatCommands.clone, {
      label: trans('Clone run into a cell'),
      caption: trans('Put a cell that repeats the run below the active one'),
      icon: copyIcon,
      describedBy: RUN_ARGUMENTS,
      isEnabled: args => runOf.id(args) !== null,
      execute: args =>
        attempt(trans('The run cannot be cloned'), async () => {
          const runId = runOf.id(args);
          if (runId !== null) {
            const { text } = await server.rest.cell(runId);
            give(app, notebooks?.currentWidget ?? null, text, trans);
          }
        })
    });
    app.commands.addCommand(RepeatCommands.retry, {
      label: trans('Retry run…'),
      caption: trans('Run the same once more, with other parameters if you like'),
      icon: refreshIcon,
      describedBy: RUN_ARGUMENTS,
      isEnabled: args => Boolean(runOf.run(args)?.job),
      execute: args =>
        attempt(trans('The run cannot be repeated'), async () => {
          const run = runOf.run(args);
          const again = run && (await retried(run, server, trans));
          if (again) {
            panel.model.take(again);
            await app.commands.execute(Commands.open, { runId: again.runId });
          }
        })
    });
    for (const command of [RepeatCommands.clone, RepeatCommands.retry]) {
      palette?.addItem({ command, category: 'AML' });
    }
  }
};

/** Put the text into a new cell of the notebook, or where there is none onto the clipboard. */
function give(
  app: JupyterFrontEnd,
  notebook: NotebookPanel | null,
  text: string,
  trans: Trans
): void {
  if (!notebook || notebook.isDisposed) {
    Clipboard.copyToSystem(text);
    Notification.info(trans('No notebook is open: the code is on the clipboard.'), {
      autoClose: 5000
    });
    return;
  }
  app.shell.activateById(notebook.id);
  NotebookActions.insertBelow(notebook.content);
  notebook.content.activeCell?.model.sharedModel.setSource(text);
  notebook.content.mode = 'edit';
}

/** Ask which parameters are to be others than they were, and run; null where the user turns back. */
async function retried(run: WireRun, server: IServer, trans: Trans): Promise<WireRun | null> {
  const sent = Object.entries(run.parameters).filter(
    ([name]) => !run.loggedParameters.includes(name)
  );
  const shown = new Map(sent.map(([name, value]) => [name, text(value)]));
  const fields = [...shown].map(([name, value]) => ({ name, label: name, value }));
  const note = trans('%1 has no parameters: it runs again as it was.', distinction(run));
  return askFor(
    trans('Retry %1 #%2', run.experiment, run.number),
    fields.length > 0 ? fields : [{ remark: note }],
    trans('Retry run'),
    answer => server.rest.retry(run.runId, { parameters: changed(run, shown, answer) })
  );
}

function changed(run: WireRun, shown: Answer, answer: Answer): Record<string, unknown> {
  const others = [...answer].filter(([name, value]) => value !== shown.get(name));
  return Object.fromEntries(
    others.map(([name, value]) => [name, valueOf(value, run.parameters[name])])
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : pythonOf(value);
}

/** What was a text stays one, whatever it looks like. */
function valueOf(value: string, before: unknown): unknown {
  return typeof before === 'string' ? value : typed(value);
}
