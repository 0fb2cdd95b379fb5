/** The list of models, and its place in the sidebar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Token } from '@lumino/coreutils';
import { ModelList } from '../../models/models/models';
import { IServer, ISidebar } from '../../tokens';
import { dragCode } from '../common/drag';
import { gemIcon } from '../common/icons';
import { leave } from '../common/leave';
import { IRunLibrary } from '../runs/library';
import { ModelsPanel } from './ModelsPanel';

const RANK = 50;

/** The list of models. */
export type IModelsPanel = ModelsPanel;

export const IModelsPanel = new Token<IModelsPanel>(
  'jupyter-aml:IModelsPanel',
  'The list of the models of a workspace.'
);

/** The list, whether it stands in the sidebar or not. */
export const modelsList: JupyterFrontEndPlugin<IModelsPanel> = {
  id: 'jupyter-aml:models-list',
  description: 'Keeps the list of the models of a workspace.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar],
  provides: IModelsPanel,
  activate: (app: JupyterFrontEnd, server: IServer, { trans }: IRunLibrary, sidebar: ISidebar) =>
    new ModelsPanel(new ModelList(server), sidebar, {
      trans,
      run: (command, args = {}) => void app.commands.execute(command, args),
      leave: () => leave(app),
      drag: dragCode
    })
};

/** The noun in the sidebar. */
export const modelsSection: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:models-section',
  description: 'Shows the models of a workspace in the sidebar.',
  autoStart: true,
  requires: [ISidebar, IModelsPanel, IRunLibrary],
  activate: (_app, sidebar: ISidebar, panel: IModelsPanel, { trans }: IRunLibrary) => {
    sidebar.add({
      id: 'models',
      label: trans('Models'),
      icon: gemIcon,
      rank: RANK,
      widget: panel,
      refresh: () => void panel.model.retry()
    });
  }
};
