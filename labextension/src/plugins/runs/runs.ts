import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { Token } from '@lumino/coreutils';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { KernelsModel } from '../../models/compute/kernels';
import type { OnKernelChange } from '../../models/compute/kernels';
import { EnvironmentsModel } from '../../models/environments/environments';
import { RunsModel } from '../../models/runs/runs';
import { Commands, IServer, RepeatCommands } from '../../tokens';
import type { SidebarMemory } from '../../views/sidebar/Sidebar';
import { SidebarPanel } from '../sidebar/SidebarPanel';
import { IRunLibrary } from './library';

const MEMORY = 'jupyter-aml:sidebar';
// Ranks 501 to 899 are for panels of third parties.
const RANK = 600;

/** The panel of runs. */
export type IRunsPanel = SidebarPanel;

export const IRunsPanel = new Token<IRunsPanel>(
  'jupyter-aml:IRunsPanel',
  'The panel with the runs of a workspace.'
);

/** The sidebar with the runs of a workspace. */
export const runs: JupyterFrontEndPlugin<IRunsPanel> = {
  id: 'jupyter-aml:runs',
  description: 'Shows the runs of a workspace in the sidebar.',
  autoStart: true,
  requires: [IServer, IRunLibrary],
  optional: [ILayoutRestorer, IStateDB],
  provides: IRunsPanel,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    library: IRunLibrary,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const memory: SidebarMemory = {
      workspace: 'default',
      filter: '',
      isGrouped: true,
      closed: [],
      folded: []
    };
    const run = (command: string, args = {}): void => void app.commands.execute(command, args);
    const environments = new EnvironmentsModel(server);
    const kernels = new KernelsModel(server.rest, onKernelChange(app));
    const panel = new SidebarPanel(new RunsModel(server), environments, kernels, memory, {
      trans: library.trans,
      workspaces: async () => (await server.rest.workspaces()).map(one => one.name),
      open: runId => run(Commands.open, { runId }),
      remove: () => run(Commands.remove),
      compare: () => run(RepeatCommands.compare),
      leave: () => leave(app),
      begin: () => run('notebook:create-new'),
      run
    });
    app.shell.add(panel, 'left', { rank: RANK, type: 'AML' });
    restorer?.add(panel, panel.id);
    void recall(panel, memory, server, state);
    return panel;
  }
};

/** Tells of every kernel that Jupyter starts, ends or gives to a notebook. */
function onKernelChange(app: JupyterFrontEnd): OnKernelChange {
  const { kernels, sessions } = app.serviceManager;
  return listener => {
    const hear = (): void => listener();
    kernels.runningChanged.connect(hear);
    sessions.runningChanged.connect(hear);
    return () => {
      kernels.runningChanged.disconnect(hear);
      sessions.runningChanged.disconnect(hear);
    };
  };
}

/** Begin with what was remembered, else with the server's own workspace. */
async function recall(
  panel: SidebarPanel,
  memory: SidebarMemory,
  server: IServer,
  state: IStateDB | null
): Promise<void> {
  const kept = (await state?.fetch(MEMORY)) as Partial<SidebarMemory> | undefined;
  if (kept) {
    panel.restore({ ...memory, ...kept });
  } else {
    const workspace = await server.rest.status().then(
      status => status.defaultWorkspace,
      () => memory.workspace
    );
    panel.restore({ ...memory, workspace });
  }
  if (panel.isVisible) {
    await Promise.all([
      panel.model.show(panel.model.workspace, panel.model.filter),
      panel.environments.show(panel.model.workspace)
    ]);
  }
  panel.remembered.connect((_, changed) => {
    void state?.save(MEMORY, changed as unknown as ReadonlyPartialJSONValue);
  });
}

/** Give the focus back to the main area. */
function leave(app: JupyterFrontEnd): void {
  const current = app.shell.currentWidget;
  if (current) {
    app.shell.activateById(current.id);
  }
}
