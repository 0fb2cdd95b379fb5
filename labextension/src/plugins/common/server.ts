/** The plugin that connects the page with the server. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { AmlClient } from '../../api/client';
import { EventSocket } from '../../api/socket';
import { IServer } from '../../tokens';

/** The way to the server: REST calls, and one socket for the page. */
export const server: JupyterFrontEndPlugin<IServer> = {
  id: 'jupyter-aml:server',
  description: 'Speaks to the server part of jupyter_aml.',
  autoStart: true,
  provides: IServer,
  activate: app => {
    const rest = new AmlClient(app.serviceManager.serverSettings);
    return { rest, feed: new EventSocket(rest) };
  }
};
