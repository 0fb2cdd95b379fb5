/** The commands that send off what is open or selected. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { IServer, SubmitCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import { attempt } from '../common/attempt';
import { sendIcon } from '../common/icons';
import { IRunLibrary } from '../runs/library';
import { IRunsPanel } from '../runs/runs';
import { Offers } from './offers';
import { Sender } from './sender';

const NO_ARGUMENTS: { args: ReadonlyJSONObject } = { args: { type: 'object', properties: {} } };
const FILE_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description: 'The path of the script; without it, the one that is selected.'
      }
    }
  }
};

/** Sends off what is open or selected: a cell, a notebook, a script. */
export const submit: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:submit',
  description: 'Runs cells, notebooks and scripts as experiments.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IRunsPanel],
  optional: [INotebookTracker, IDefaultFileBrowser, ICommandPalette, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    panel: IRunsPanel,
    notebooks: INotebookTracker | null,
    files: IDefaultFileBrowser | null,
    palette: ICommandPalette | null,
    states: IStateDB | null
  ) => {
    const sender = new Sender(app, server, panel, new Offers(server.rest, states, trans), trans);
    if (notebooks) {
      addNotebookCommands(app, sender, notebooks, trans);
      palette?.addItem({ command: SubmitCommands.cell, category: 'AML' });
      palette?.addItem({ command: SubmitCommands.notebook, category: 'AML' });
    }
    const selected = (path: unknown): string | null => {
      const found = typeof path === 'string' ? path : files?.selectedItems().next().value?.path;
      return found?.endsWith('.py') ? found : null;
    };
    app.commands.addCommand(SubmitCommands.file, {
      label: trans('Run as experiment'),
      caption: trans('Run the script as a tracked experiment'),
      icon: sendIcon,
      describedBy: FILE_ARGUMENTS,
      isVisible: args => selected(args.path) !== null,
      execute: args =>
        attempt(trans('The script cannot be run'), async () => {
          const path = selected(args.path);
          if (path !== null) {
            await sender.sendFile(path);
          }
        })
    });
  }
};

function addNotebookCommands(
  app: JupyterFrontEnd,
  sender: Sender,
  notebooks: INotebookTracker,
  trans: Trans
): void {
  const isCode = (): boolean => notebooks.activeCell?.model.type === 'code';
  app.commands.addCommand(SubmitCommands.cell, {
    label: trans('Run as experiment'),
    caption: trans('Run this cell as a tracked experiment, also while the kernel is busy'),
    icon: sendIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: isCode,
    isVisible: isCode,
    execute: () =>
      attempt(trans('The cell cannot be run'), async () => {
        const { currentWidget, activeCell } = notebooks;
        if (currentWidget && activeCell) {
          await sender.sendCell(currentWidget, activeCell);
        }
      })
  });
  app.commands.addCommand(SubmitCommands.notebook, {
    label: trans('Submit notebook…'),
    caption: trans('Run the whole notebook as a tracked experiment, with parameters'),
    icon: sendIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => notebooks.currentWidget !== null,
    execute: () =>
      attempt(trans('The notebook cannot be run'), async () => {
        if (notebooks.currentWidget) {
          await sender.sendNotebook(notebooks.currentWidget);
        }
      })
  });
}
