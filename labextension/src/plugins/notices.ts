import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { BuildWatch } from '../models/building';
import type { Teller } from '../models/building';
import { EnvironmentCommands, IServer } from '../tokens';
import type { Trans } from '../tokens';
import type { WireKernelSpec } from '../wire';
import { IRunLibrary } from './library';

/** After a start that failed, so long the cause may still be on its way. */
const LINGER = 5000;
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
  let round = 0;
  let lingering = 0;
  const end = (): void => {
    window.clearTimeout(lingering);
    watch?.stop();
    watch = null;
  };
  const hear = async (status: string): Promise<void> => {
    if (WAITING.has(status)) {
      const mine = ++round;
      const spec = await environmentKernel(app, context, server);
      if (spec && !watch && mine === round && !context.isDisposed) {
        const { workspace, environment } = spec;
        watch = new BuildWatch(workspace, environment, server.feed, teller(spec, app, trans));
        watch.start();
      }
    } else if (OVER.has(status)) {
      window.clearTimeout(lingering);
      lingering = window.setTimeout(end, LINGER);
    } else {
      round += 1;
      end();
    }
  };
  context.statusChanged.connect((_, status) => void hear(status));
  context.disposed.connect(end);
  if (!context.session) {
    void hear('starting');
  }
}

/** The kernel of ours that is being started here, or null if it is another one. */
async function environmentKernel(
  app: JupyterFrontEnd,
  context: ISessionContext,
  server: IServer
): Promise<WireKernelSpec | null> {
  const specs = app.serviceManager.kernelspecs.specs?.kernelspecs ?? {};
  const shown = context.kernelDisplayName;
  const wanted = context.session?.kernel?.name ?? context.kernelPreference.name;
  const found = Object.values(specs).find(
    spec => spec && (spec.name === wanted || spec.display_name === shown)
  );
  if (!found?.metadata || !('kernel_provisioner' in found.metadata)) {
    return null;
  }
  try {
    const { specs } = await server.rest.kernels();
    return specs.find(one => one.spec === found.name) ?? null;
  } catch {
    // The kernel starts all the same; there is only nothing to be told of its environment.
    return null;
  }
}

function teller(spec: WireKernelSpec, app: JupyterFrontEnd, trans: Trans): Teller {
  const { environment, workspace } = spec;
  let id: string | null = null;
  const label = trans('Open environment');
  const actions = [
    {
      label,
      callback: () =>
        void app.commands.execute(EnvironmentCommands.open, { name: environment, workspace })
    }
  ];
  return {
    going: text => {
      const message = text
        ? trans('Building %1 for the kernel: %2', environment, text)
        : trans('Building %1 for the kernel', environment);
      if (id === null) {
        id = Notification.emit(message, 'in-progress', { autoClose: false, actions });
      } else {
        Notification.update({ id, message });
      }
    },
    done: () => {
      if (id !== null) {
        const message = trans('Environment %1 is ready; the kernel starts in it.', environment);
        Notification.update({ id, message, type: 'success', autoClose: 5000 });
        id = null;
      }
    },
    failed: text => {
      if (id !== null) {
        const message = trans('Environment %1 was not built: %2', environment, text);
        Notification.update({ id, message, type: 'error', autoClose: false, actions });
        id = null;
      }
    }
  };
}
