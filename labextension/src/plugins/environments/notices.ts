/** The plugin that tells why a kernel does not start yet: its environment is being built. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { BuildWatch } from '../../models/environments/building';
import type { Teller } from '../../models/environments/building';
import { EnvironmentCommands, IServer } from '../../tokens';
import type { Trans, Wanted } from '../../tokens';
import { IRunLibrary } from '../runs/library';

/** After a start that failed, so long the cause may still be on its way. */
const LINGER = 5000;
/** Below this key of a kernelspec's metadata stands of which environment it is. */
const OURS = 'jupyter_aml';
const WAITING: ReadonlySet<string> = new Set(['starting', 'restarting', 'autorestarting']);
const OVER: ReadonlySet<string> = new Set(['unknown', 'dead', 'terminating']);

/** Says how the build of an environment goes while a kernel waits for it. */
export const notices: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:notices',
  description: 'Shows the build of an environment that a starting kernel waits for.',
  autoStart: true,
  requires: [IServer, IRunLibrary, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    notebooks: INotebookTracker
  ) => {
    notebooks.widgetAdded.connect((_, panel) => {
      watchStarts(app, panel.sessionContext, server, trans);
    });
  }
};

function watchStarts(
  app: JupyterFrontEnd,
  context: ISessionContext,
  server: IServer,
  trans: Trans
): void {
  let watch: BuildWatch | null = null;
  let lingering = 0;
  const end = (): void => {
    window.clearTimeout(lingering);
    watch?.stop();
    watch = null;
  };
  const hear = (status: string): void => {
    if (WAITING.has(status)) {
      window.clearTimeout(lingering);
      const wanted = environmentOf(app, context);
      if (wanted && !watch) {
        watch = new BuildWatch(wanted, server.rest, teller(wanted, app, trans));
        watch.start();
      }
    } else if (OVER.has(status)) {
      window.clearTimeout(lingering);
      lingering = window.setTimeout(end, LINGER);
    } else {
      end();
    }
  };
  context.statusChanged.connect((_, status) => hear(status));
  context.disposed.connect(end);
  if (!context.session) {
    hear('starting');
  }
}

/** The environment of the kernel that is being started here, or null if it has none of ours. */
function environmentOf(app: JupyterFrontEnd, context: ISessionContext): Wanted | null {
  const specs = Object.values(app.serviceManager.kernelspecs.specs?.kernelspecs ?? {});
  const shown = context.kernelDisplayName;
  const name = context.session?.kernel?.name;
  const spec = specs.find(one => (name ? one?.name === name : one?.display_name === shown));
  const told = spec?.metadata?.[OURS] as Partial<Record<string, string>> | undefined;
  return told?.environment
    ? {
        workspace: told.workspace ?? 'default',
        name: told.environment,
        version: told.version
      }
    : null;
}

function teller({ workspace, name }: Wanted, app: JupyterFrontEnd, trans: Trans): Teller {
  let id: string | null = null;
  const label = trans('Open environment');
  const actions = [
    {
      label,
      callback: () => void app.commands.execute(EnvironmentCommands.open, { name, workspace })
    }
  ];
  return {
    going: text => {
      const message = text
        ? trans('Building %1 for the kernel: %2', name, text)
        : trans('Building %1 for the kernel', name);
      if (id === null) {
        id = Notification.emit(message, 'in-progress', { autoClose: false, actions });
      } else {
        Notification.update({ id, message });
      }
    },
    done: () => {
      if (id !== null) {
        const message = trans('Environment %1 is ready; the kernel starts in it.', name);
        Notification.update({ id, message, type: 'success', autoClose: 5000 });
        id = null;
      }
    },
    failed: text => {
      if (id !== null) {
        const message = trans('Environment %1 was not built: %2', name, text);
        Notification.update({ id, message, type: 'error', autoClose: false, actions });
        id = null;
      }
    }
  };
}
