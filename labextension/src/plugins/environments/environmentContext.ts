/** What the commands about environments are given. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { IServer, RunCommand, Trans } from '../../tokens';
import type { WantedBy } from '../common/pages';
import type { IComputePanel } from '../compute/compute';
import type { IEnvironmentsPanel } from './list';

/** What the commands about environments share. */
export interface EnvironmentsContext {
  app: JupyterFrontEnd;
  server: IServer;
  panel: IEnvironmentsPanel;
  compute: IComputePanel;
  trans: Trans;
  run: RunCommand;
  wanted: WantedBy;
}

export const ENVIRONMENT_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      name: {
        type: 'string',
        description: 'The name of the environment; without it, the one that is selected.'
      },
      version: { type: 'string', description: 'A version of it; without it, the newest.' },
      workspace: { type: 'string', description: 'Its workspace; without it, the one shown.' }
    }
  }
};

/** Whether an environment came with the server, as far as the list knows. */
export function isCurated(name: string, panel: IEnvironmentsPanel): boolean {
  return panel.model.find(name)?.curated ?? false;
}
