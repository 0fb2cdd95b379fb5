/** The commands for kernels that run and for kernels in environments. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, showDialog } from '@jupyterlab/apputils';
import { closeIcon, notebookIcon } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { EnvironmentCommands, IServer } from '../../tokens';
import type { Trans } from '../../tokens';
import { attempt } from '../common/attempt';
import { IRunLibrary } from '../runs/library';
import { IComputePanel } from './compute';

const KERNEL_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      kernelId: {
        type: 'string',
        description: 'The id of the kernel; without it, the one that is selected.'
      }
    }
  }
};
const SPEC_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      spec: {
        type: 'string',
        description: 'The name of the kernelspec; without it, the one that is selected.'
      }
    }
  }
};

/** What can be done to kernels from the sidebar. */
export const kernels: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:kernels',
  description:
    'Opens the notebooks of kernels, shuts kernels down, removes them from the launcher.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IComputePanel],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    panel: IComputePanel,
    palette: ICommandPalette | null
  ) => {
    addRunning(app, panel, trans);
    addSpecs(app, panel, server, trans);
    const { openKernel, shutDown, removeKernel } = EnvironmentCommands;
    for (const command of [openKernel, shutDown, removeKernel]) {
      palette?.addItem({ command, category: 'AML' });
    }
  }
};

function addRunning(app: JupyterFrontEnd, panel: IComputePanel, trans: Trans): void {
  const { kernels, sessions } = app.serviceManager;
  const kernelOf = (args: ReadonlyPartialJSONObject) =>
    panel.kernels.find(typeof args.kernelId === 'string' ? args.kernelId : (panel.selected ?? ''));
  const sessionOf = (kernelId: string) =>
    [...sessions.running()].find(session => session.kernel?.id === kernelId);
  app.commands.addCommand(EnvironmentCommands.openKernel, {
    label: trans('Open the notebook of the kernel'),
    caption: trans('Open the notebook that the kernel belongs to'),
    icon: notebookIcon,
    describedBy: KERNEL_ARGUMENTS,
    isEnabled: args => Boolean(kernelOf(args)?.notebook),
    execute: async args => {
      const kernel = kernelOf(args);
      const path = (kernel && sessionOf(kernel.kernelId)?.path) ?? kernel?.notebook;
      if (path) {
        await app.commands.execute('docmanager:open', { path });
      }
    }
  });
  app.commands.addCommand(EnvironmentCommands.shutDown, {
    label: trans('Shut down kernel'),
    caption: trans('End the kernel and all that it holds'),
    icon: closeIcon,
    describedBy: KERNEL_ARGUMENTS,
    isEnabled: args => kernelOf(args) !== null,
    execute: async args => {
      const kernel = kernelOf(args);
      if (!kernel) {
        return;
      }
      const answer = await showDialog({
        title: trans('Shut down the kernel of %1?', kernel.notebook ?? kernel.displayName),
        body: trans('All variables of the kernel are lost.'),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans('Shut down') })]
      });
      if (answer.button.accept) {
        await attempt(trans('The kernel cannot be shut down'), async () => {
          const session = sessionOf(kernel.kernelId);
          await (session ? sessions.shutdown(session.id) : kernels.shutdown(kernel.kernelId));
          await panel.kernels.refresh();
        });
      }
    }
  });
}

function addSpecs(app: JupyterFrontEnd, panel: IComputePanel, server: IServer, trans: Trans): void {
  const specOf = (args: ReadonlyPartialJSONObject) =>
    panel.kernels.findSpec(typeof args.spec === 'string' ? args.spec : (panel.selected ?? ''));
  app.commands.addCommand(EnvironmentCommands.removeKernel, {
    label: trans('Remove kernel from the launcher…'),
    caption: trans('Remove the kernel; its environment stays'),
    icon: closeIcon,
    describedBy: SPEC_ARGUMENTS,
    isEnabled: args => specOf(args) !== null,
    execute: async args => {
      const spec = specOf(args);
      if (!spec) {
        return;
      }
      const answer = await showDialog({
        title: trans('Remove kernel %1?', spec.displayName),
        body: trans('It leaves the launcher; environment %1 stays.', spec.environment),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans('Remove kernel') })]
      });
      if (answer.button.accept) {
        await attempt(trans('The kernel cannot be removed'), async () => {
          await server.rest.removeKernel(spec.spec);
          await app.serviceManager.kernelspecs.refreshSpecs();
          await panel.kernels.refresh();
        });
      }
    }
  });
}
