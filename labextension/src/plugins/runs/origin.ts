/** The way from a run back to the cell that it was sent from. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { serverPath } from '../../models/run/origin';
import { Commands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { IRunOfCommand, RUN_ARGUMENTS } from './commands';
import { IRunLibrary } from './library';

/** Goes to the line of a cell at which a run failed. */
export const origin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:origin',
  description: 'Goes from a run to its cell.',
  autoStart: true,
  requires: [IRunLibrary, IRunOfCommand, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    { trans }: IRunLibrary,
    runOf: IRunOfCommand,
    notebooks: INotebookTracker
  ) => {
    app.commands.addCommand(Commands.goToLine, {
      label: trans('Go to the cell of the run'),
      caption: trans('Show the cell that the run was sent from, at the line where it failed'),
      describedBy: RUN_ARGUMENTS,
      isEnabled: args => Boolean(runOf.run(args)?.origin?.cellId),
      execute: async args => {
        const run = runOf.run(args);
        if (run?.origin?.cellId) {
          await go(app, notebooks, run, trans);
        }
      }
    });
  }
};

async function go(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  run: WireRun,
  trans: Trans
): Promise<void> {
  const { cellId, notebook } = run.origin!;
  const panel =
    notebooks.find(one => placeOf(one, cellId!) >= 0) ?? (await opened(app, notebooks, notebook));
  const at = panel ? placeOf(panel, cellId!) : -1;
  if (!panel || at < 0) {
    const name = notebook?.split('/').at(-1) ?? trans('the notebook');
    const words = panel
      ? trans('The cell of this run is no longer in %1.', name)
      : trans('Open %1 first: the cell of this run is in it.', name);
    Notification.warning(words, { autoClose: 8000 });
    return;
  }
  app.shell.activateById(panel.id);
  await show(panel, at, run.error?.line ?? 1);
}

function placeOf(panel: NotebookPanel, cellId: string): number {
  return panel.content.widgets.findIndex(cell => cell.model.id === cellId);
}

/** The notebook, opened where it lies below the server's folder. */
async function opened(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  notebook: string | null
): Promise<NotebookPanel | null> {
  const path = serverPath(notebook, PageConfig.getOption('serverRoot'));
  if (path === null) {
    return null;
  }
  try {
    await app.commands.execute('docmanager:open', { path });
  } catch {
    // It was moved or deleted.
    return null;
  }
  const panel = notebooks.find(one => one.context.path === path) ?? null;
  await panel?.revealed;
  return panel;
}

async function show(panel: NotebookPanel, at: number, line: number): Promise<void> {
  const { content } = panel;
  content.activeCellIndex = at;
  await content.scrollToItem(at, 'smart');
  const cell = content.widgets[at];
  await cell.ready;
  content.mode = 'edit';
  const last = (cell.editor?.lineCount ?? 1) - 1;
  const position = { line: Math.min(line - 1, last), column: 0 };
  cell.editor?.setCursorPosition(position);
  cell.editor?.revealPosition(position);
  cell.editor?.focus();
}
