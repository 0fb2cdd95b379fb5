/** The list of environments, and its place in the sidebar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { Token } from '@lumino/coreutils';
import { EnvironmentsModel } from '../../models/environments/environments';
import { IServer, ISidebar } from '../../tokens';
import type { RunCommand } from '../../tokens';
import type { EnvironmentsMemory } from '../../views/environments/EnvironmentsPane';
import { dragCode } from '../common/drag';
import { boxIcon } from '../common/icons';
import { leave } from '../common/leave';
import { Memory } from '../common/memory';
import { IActiveRuns } from '../runs/active';
import { IRunLibrary } from '../runs/library';
import { EnvironmentsPanel } from './EnvironmentsPanel';

const RANK = 20;

/** The list of environments. */
export type IEnvironmentsPanel = EnvironmentsPanel;

export const IEnvironmentsPanel = new Token<IEnvironmentsPanel>(
  'jupyter-aml:IEnvironmentsPanel',
  'The list of the environments of a workspace.'
);

/** The list, whether it stands in the sidebar or not. */
export const environmentsList: JupyterFrontEndPlugin<IEnvironmentsPanel> = {
  id: 'jupyter-aml:environments-list',
  description: 'Keeps the list of the environments of a workspace.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IActiveRuns],
  optional: [IStateDB],
  provides: IEnvironmentsPanel,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    active: IActiveRuns,
    states: IStateDB | null
  ) => {
    const start: EnvironmentsMemory = { isCuratedOpen: false };
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    const model = new EnvironmentsModel(server);
    // The list says how many runs used each.
    active.met.subscribe(() => model.soon());
    return new EnvironmentsPanel(
      model,
      sidebar,
      new Memory(states, 'jupyter-aml:sidebar-environments', start),
      { trans, run, leave: () => leave(app), drag: dragCode }
    );
  }
};

/** The noun in the sidebar. */
export const environmentsSection: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:environments-section',
  description: 'Shows the environments of a workspace in the sidebar.',
  autoStart: true,
  requires: [ISidebar, IEnvironmentsPanel, IRunLibrary],
  activate: (_app, sidebar: ISidebar, panel: IEnvironmentsPanel, { trans }: IRunLibrary) => {
    const { model } = panel;
    const building = (): number => model.rows.filter(one => one.state === 'building').length;
    sidebar.add({
      id: 'environments',
      label: trans('Environments'),
      icon: boxIcon,
      rank: RANK,
      widget: panel,
      activity: {
        changed: model.changed,
        count: building,
        words: () => trans('%1 building', building())
      },
      refresh: () => void model.retry()
    });
  }
};
