/** The targets and kernels, and their place in the sidebar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { Token } from '@lumino/coreutils';
import { KernelsModel } from '../../models/compute/kernels';
import { TargetList } from '../../models/compute/targets';
import { IServer, ISidebar } from '../../tokens';
import type { Heard, RunCommand } from '../../tokens';
import type { ComputeMemory } from '../../views/compute/ComputePane';
import { dragCode } from '../common/drag';
import { chipIcon } from '../common/icons';
import { leave } from '../common/leave';
import { Memory } from '../common/memory';
import { IActiveRuns } from '../runs/active';
import { IRunLibrary } from '../runs/library';
import { ComputePanel } from './ComputePanel';

const RANK = 30;

/** The lists of targets and kernels. */
export type IComputePanel = ComputePanel;

export const IComputePanel = new Token<IComputePanel>(
  'jupyter-aml:IComputePanel',
  'The compute targets, and the kernels that run or could run.'
);

/** The lists, whether they stand in the sidebar or not. */
export const compute: JupyterFrontEndPlugin<IComputePanel> = {
  id: 'jupyter-aml:compute',
  description: 'Keeps the lists of compute targets and kernels.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IActiveRuns],
  optional: [IStateDB],
  provides: IComputePanel,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    active: IActiveRuns,
    states: IStateDB | null
  ) => {
    const start: ComputeMemory = { share: 0.4, open: [] };
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    return new ComputePanel(
      new TargetList(server),
      new KernelsModel(server.rest, kernelNews(app)),
      active,
      sidebar,
      new Memory(states, 'jupyter-aml:sidebar-compute', start),
      { trans, run, leave: () => leave(app), drag: dragCode }
    );
  }
};

/** The noun in the sidebar. */
export const computeSection: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:compute-section',
  description: 'Shows compute targets and kernels in the sidebar.',
  autoStart: true,
  requires: [ISidebar, IComputePanel, IRunLibrary],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    panel: IComputePanel,
    { trans }: IRunLibrary
  ) => {
    const running = (): number => [...app.serviceManager.kernels.running()].length;
    sidebar.add({
      id: 'compute',
      label: trans('Compute'),
      icon: chipIcon,
      rank: RANK,
      widget: panel,
      activity: {
        changed: kernelNews(app),
        count: running,
        words: () => (running() === 1 ? trans('1 kernel') : trans('%1 kernels', running()))
      },
      refresh: () => {
        void panel.targets.retry();
        void panel.kernels.refresh();
      }
    });
  }
};

/** Tells of every kernel that Jupyter starts, ends or gives to a notebook. */
function kernelNews(app: JupyterFrontEnd): Heard {
  const { kernels, sessions } = app.serviceManager;
  return {
    subscribe: listener => {
      const hear = (): void => listener();
      kernels.runningChanged.connect(hear);
      sessions.runningChanged.connect(hear);
      return () => {
        kernels.runningChanged.disconnect(hear);
        sessions.runningChanged.disconnect(hear);
      };
    }
  };
}
