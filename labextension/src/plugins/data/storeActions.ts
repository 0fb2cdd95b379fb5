/** The commands about datastores and the files on them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, showDialog } from '@jupyterlab/apputils';
import {
  checkIcon,
  closeIcon,
  copyIcon,
  downloadIcon,
  fileUploadIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import { storeCode } from '../../models/data/stores';
import type { StoreNode } from '../../models/data/stores';
import { DataCommands } from '../../tokens';
import type { IServer, Trans } from '../../tokens';
import { saveAddress } from '../../views/common/saving';
import { folderOf } from '../../views/data/StoresTree';
import { attempt } from '../common/attempt';
import type { IDataPanel } from './list';

interface Context {
  app: JupyterFrontEnd;
  server: IServer;
  trans: Trans;
  panel: IDataPanel;
}

interface Action {
  id: string;
  label: string;
  caption: string;
  icon: LabIcon;
  /** The title of the error, if it cannot be done. */
  failure: string;
  isEnabled(node: StoreNode): boolean;
  act(node: StoreNode): Promise<void> | void;
}

/** What can be done to what is chosen in the tree of datastores. */
export function addStoreActions(context: Context): void {
  addUpload(context);
  addDownload(context);
  addCopy(context);
  addMakeDefault(context);
  addUnregister(context);
}

const NO_ARGUMENTS = { args: { type: 'object' as const, properties: {} } };

function addAction({ app, panel }: Context, action: Action): void {
  const { id, label, caption, icon, failure } = action;
  app.commands.addCommand(id, {
    label,
    caption,
    icon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => panel.chosen !== null && action.isEnabled(panel.chosen),
    execute: () =>
      attempt(failure, async () => {
        if (panel.chosen) {
          await action.act(panel.chosen);
        }
      })
  });
}

/** Files go to what is chosen, else to the default datastore. */
function addUpload({ app, trans, panel }: Context): void {
  const { stores } = panel;
  app.commands.addCommand(DataCommands.upload, {
    label: trans('Upload files…'),
    caption: trans('Upload files to a folder of a datastore'),
    icon: fileUploadIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => panel.chosen === null || folderOf(panel.chosen, stores) !== null,
    execute: async () => {
      const chosen = panel.chosen && folderOf(panel.chosen, stores);
      const store = chosen?.store ?? stores.rows.find(one => one.isDefault);
      const files = await chooseFiles();
      if (store && files.length > 0) {
        stores.send(store.name, chosen?.path ?? '', files);
      }
    }
  });
}

/** The files that the user chooses; none where the dialog is left. */
function chooseFiles(): Promise<File[]> {
  const input = document.createElement('input');
  [input.type, input.multiple] = ['file', true];
  return new Promise(resolve => {
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

function addDownload(context: Context): void {
  const { server, trans } = context;
  addAction(context, {
    id: DataCommands.download,
    label: trans('Download file'),
    caption: trans('Download the file from its datastore'),
    icon: downloadIcon,
    failure: trans('The file cannot be downloaded'),
    isEnabled: ({ kind }) => kind === 'file',
    act: ({ store, path, name }) => {
      const { workspace } = store;
      saveAddress(server.rest.storeFileUrl({ workspace, store: store.name, path }), name);
    }
  });
}

function addCopy(context: Context): void {
  const { trans } = context;
  addAction(context, {
    id: DataCommands.copyPlace,
    label: trans('Copy code'),
    caption: trans('Copy the code that gets it'),
    icon: copyIcon,
    failure: trans('The code cannot be copied'),
    isEnabled: ({ kind }) => kind === 'store' || kind === 'folder' || kind === 'file',
    act: node => Clipboard.copyToSystem(storeCode(node))
  });
}

function addMakeDefault(context: Context): void {
  const { server, trans } = context;
  addAction(context, {
    id: DataCommands.makeDefault,
    label: trans('Make it the default datastore'),
    caption: trans('Runs and data sets use it where no other is named'),
    icon: checkIcon,
    failure: trans('It cannot be the default datastore'),
    isEnabled: ({ kind, store }) => kind === 'store' && !store.isDefault && !store.isDatabase,
    act: async ({ store }) => {
      await server.rest.chooseDatastore(store.workspace, store.name);
    }
  });
}

function addUnregister(context: Context): void {
  const { server, trans, panel } = context;
  addAction(context, {
    id: DataCommands.unregister,
    label: trans('Unregister datastore…'),
    caption: trans('Forget the datastore and its keys; its files stay where they are'),
    icon: closeIcon,
    failure: trans('The datastore cannot be unregistered'),
    isEnabled: ({ kind, store }) => kind === 'store' && !store.builtIn,
    act: async ({ store }) => {
      const label = trans('Unregister datastore');
      const answer = await showDialog({
        title: trans('Unregister datastore %1?', store.name),
        body: trans('Its keys are forgotten. What lies on it stays where it is.'),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label })]
      });
      if (answer.button.accept) {
        await server.rest.removeDatastore(store.workspace, store.name);
        panel.chosen = null;
      }
    }
  });
}
