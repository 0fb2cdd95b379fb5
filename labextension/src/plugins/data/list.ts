/** The data sets and datastores, and their place in the sidebar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { IStateDB } from '@jupyterlab/statedb';
import { Token } from '@lumino/coreutils';
import { DatasetList } from '../../models/data/datasets';
import { StoresModel } from '../../models/data/stores';
import { IServer, ISidebar } from '../../tokens';
import type { DataMemory } from '../../views/data/DataPane';
import { sentenceOf } from '../common/attempt';
import { dragCode } from '../common/drag';
import { drumIcon } from '../common/icons';
import { leave } from '../common/leave';
import { Memory } from '../common/memory';
import { IRunLibrary } from '../runs/library';
import { DataPanel } from './DataPanel';

const RANK = 40;

/** The lists of data sets and datastores. */
export type IDataPanel = DataPanel;

export const IDataPanel = new Token<IDataPanel>(
  'jupyter-aml:IDataPanel',
  'The data sets and datastores of a workspace.'
);

/** The lists, whether they stand in the sidebar or not. */
export const dataList: JupyterFrontEndPlugin<IDataPanel> = {
  id: 'jupyter-aml:data-list',
  description: 'Keeps the lists of the data sets and datastores of a workspace.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar],
  optional: [IStateDB],
  provides: IDataPanel,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    states: IStateDB | null
  ) => {
    const start: DataMemory = { share: 0.5 };
    const memory = new Memory(states, 'jupyter-aml:sidebar-data', start);
    return new DataPanel(new DatasetList(server), new StoresModel(server), sidebar, memory, {
      trans,
      run: (command, args = {}) => void app.commands.execute(command, args),
      leave: () => leave(app),
      drag: dragCode,
      read: path => fileOf(app, path),
      refuse: error =>
        void showErrorMessage(trans('The file cannot be uploaded'), sentenceOf(error))
    });
  }
};

/** The noun in the sidebar. */
export const dataSection: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:data-section',
  description: 'Shows the data sets and datastores of a workspace in the sidebar.',
  autoStart: true,
  requires: [ISidebar, IDataPanel, IRunLibrary],
  activate: (_app, sidebar: ISidebar, panel: IDataPanel, { trans }: IRunLibrary) => {
    const { datasets, stores } = panel;
    const underway = (): number => stores.uploads.filter(one => one.isUnderway).length;
    sidebar.add({
      id: 'data',
      label: trans('Data'),
      icon: drumIcon,
      rank: RANK,
      widget: panel,
      activity: {
        changed: stores.changed,
        count: underway,
        words: () => trans('%1 uploading', underway())
      },
      refresh: () => {
        void datasets.retry();
        void stores.retry();
      }
    });
  }
};

/** A file of the file browser, as the server hands it out. */
async function fileOf(app: JupyterFrontEnd, path: string): Promise<File> {
  const { contents, serverSettings } = app.serviceManager;
  const address = await contents.getDownloadUrl(path);
  const response = await ServerConnection.makeRequest(address, {}, serverSettings);
  if (!response.ok) {
    throw new Error(`${path} cannot be read. Folders cannot be dropped, only the files in them.`);
  }
  return new File([await response.blob()], path.split('/').at(-1)!);
}
