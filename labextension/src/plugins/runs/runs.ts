/** The list of runs, and its place in the sidebar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { Token } from '@lumino/coreutils';
import { RunsModel } from '../../models/runs/runs';
import { Commands, IServer, ISidebar, RepeatCommands } from '../../tokens';
import type { RunsMemory } from '../../views/runs/RunsPane';
import { dragCode } from '../common/drag';
import { flaskIcon } from '../common/icons';
import { leave } from '../common/leave';
import { Memory } from '../common/memory';
import { IActiveRuns } from './active';
import { IRunLibrary } from './library';
import { RunsPanel } from './RunsPanel';

const RANK = 10;

/** The list of runs. */
export type IRunsPanel = RunsPanel;

export const IRunsPanel = new Token<IRunsPanel>(
  'jupyter-aml:IRunsPanel',
  'The list of the runs of a workspace.'
);

/** The list, whether it stands in the sidebar or not. */
export const runs: JupyterFrontEndPlugin<IRunsPanel> = {
  id: 'jupyter-aml:runs',
  description: 'Keeps the list of the runs of a workspace.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar],
  optional: [IStateDB],
  provides: IRunsPanel,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    states: IStateDB | null
  ) => {
    const start: RunsMemory = { filter: '', isGrouped: true, closed: [] };
    const run = (command: string, args = {}): void => void app.commands.execute(command, args);
    return new RunsPanel(
      new RunsModel(server),
      sidebar,
      new Memory(states, 'jupyter-aml:sidebar-runs', start),
      {
        trans,
        open: runId => run(Commands.open, { runId }),
        remove: () => run(Commands.remove),
        compare: () => run(RepeatCommands.compare),
        leave: () => leave(app),
        begin: () => run('notebook:create-new'),
        drag: dragCode
      }
    );
  }
};

/** The noun in the sidebar. */
export const runsSection: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:runs-section',
  description: 'Shows the runs of a workspace in the sidebar.',
  autoStart: true,
  requires: [ISidebar, IRunsPanel, IActiveRuns, IRunLibrary],
  activate: (
    _app: JupyterFrontEnd,
    sidebar: ISidebar,
    panel: IRunsPanel,
    active: IActiveRuns,
    { trans }: IRunLibrary
  ) => {
    sidebar.add({
      id: 'runs',
      label: trans('Runs'),
      icon: flaskIcon,
      rank: RANK,
      widget: panel,
      activity: {
        changed: active.changed,
        count: () => active.runs.length,
        words: () => active.words(trans)
      },
      refresh: () => void panel.model.retry()
    });
  }
};
