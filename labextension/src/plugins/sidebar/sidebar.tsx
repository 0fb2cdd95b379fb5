/** The panel at the left, to which plugins add their nouns. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { IServer, ISidebar } from '../../tokens';
import { Memory } from '../common/memory';
import { IRunLibrary } from '../runs/library';
import { SidebarPanel } from './SidebarPanel';
import type { SidebarMemory } from './SidebarPanel';

// Ranks 501 to 899 are for panels of third parties.
const RANK = 600;

export const sidebar: JupyterFrontEndPlugin<ISidebar> = {
  id: 'jupyter-aml:sidebar',
  description: 'The sidebar: one noun at a time, each of a plugin of its own.',
  autoStart: true,
  requires: [IServer, IRunLibrary],
  optional: [ILayoutRestorer, IStateDB],
  provides: ISidebar,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    restorer: ILayoutRestorer | null,
    states: IStateDB | null
  ) => {
    const start: SidebarMemory = { workspace: 'default', section: 'runs' };
    const memory = new Memory(states, 'jupyter-aml:sidebar', start);
    const panel = new SidebarPanel(memory, {
      trans,
      workspaces: async () => (await server.rest.workspaces()).map(one => one.name),
      activate: () => app.shell.activateById(panel.id)
    });
    app.shell.add(panel, 'left', { rank: RANK, type: 'AML' });
    restorer?.add(panel, panel.id);
    void recall(panel, memory, server);
    return panel;
  }
};

/** Begin with what was remembered, else with the server's own workspace. */
async function recall(
  panel: SidebarPanel,
  memory: Memory<SidebarMemory>,
  server: IServer
): Promise<void> {
  if (!(await memory.recall())) {
    const status = await server.rest.status().catch(() => null);
    if (status) {
      memory.value = { ...memory.value, workspace: status.defaultWorkspace };
    }
  }
  panel.restore();
}
