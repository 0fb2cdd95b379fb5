/** The commands that change or use an environment. */

import { Clipboard, Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { buildIcon, closeIcon, copyIcon, kernelIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import { LOCAL } from '../../models/compute/tree';
import { EnvironmentCommands } from '../../tokens';
import type { Wanted } from '../../tokens';
import type { WireEnvironment } from '../../wire';
import { attempt } from '../common/attempt';
import { ENVIRONMENT_ARGUMENTS, isCurated } from './environmentContext';
import type { EnvironmentsContext } from './environmentContext';

const CURATED = 'AzureML-';

/** What can be done to an environment: built, cloned, deleted, made a kernel, and named in a cell. */
export function addEnvironmentActions(context: EnvironmentsContext): void {
  addBuild(context);
  addClone(context);
  addRemove(context);
  addKernel(context);
  addCopy(context);
}

interface Action {
  id: string;
  label: string;
  caption: string;
  icon: LabIcon;
  /** The title of the error, if it cannot be done. */
  failure: string;
  isForOwn?: boolean;
  act(wanted: Wanted): Promise<void>;
}

function addAction({ app, panel, wanted }: EnvironmentsContext, action: Action): void {
  const { id, label, caption, icon, isForOwn = false } = action;
  app.commands.addCommand(id, {
    label,
    caption,
    icon,
    describedBy: ENVIRONMENT_ARGUMENTS,
    isEnabled: args => {
      const asked = wanted(args);
      return asked !== null && !(isForOwn && isCurated(asked.name, panel));
    },
    execute: args =>
      attempt(action.failure, async () => {
        const asked = wanted(args);
        if (asked) {
          await action.act(asked);
        }
      })
  });
}

function addBuild(context: EnvironmentsContext): void {
  const { server, panel, trans } = context;
  addAction(context, {
    id: EnvironmentCommands.build,
    label: trans('Build environment'),
    caption: trans('Build it, or resolve and build it again'),
    icon: buildIcon,
    failure: trans('The environment cannot be built'),
    act: async wanted => {
      const { name, state, version, workspace } = await server.rest.environment(wanted);
      const again = state === 'ready';
      await server.rest.buildEnvironment(name, { workspace, version, again });
      panel.model.take(await server.rest.environment({ workspace, name, version }));
    }
  });
}

function addClone(context: EnvironmentsContext): void {
  const { server, panel, trans, run } = context;
  addAction(context, {
    id: EnvironmentCommands.clone,
    label: trans('Clone environment…'),
    caption: trans('Make an environment of your own with the same definition'),
    icon: copyIcon,
    failure: trans('The environment cannot be cloned'),
    act: async wanted => {
      const { definition, name, workspace } = await server.rest.environment(wanted);
      const plain = name.startsWith(CURATED) ? name.slice(CURATED.length) : name;
      const answer = await InputDialog.getText({
        title: trans('Clone %1', name),
        label: trans('Name of the clone'),
        text: `${plain}-copy`.toLowerCase(),
        okLabel: trans('Clone')
      });
      const clone = answer.value?.trim();
      if (!answer.button.accept || !clone) {
        return;
      }
      const made = await server.rest.addEnvironment({
        workspace,
        definition: { ...definition, name: clone, version: null }
      });
      panel.model.take(made);
      run(EnvironmentCommands.open, { name: made.name, workspace });
    }
  });
}

function addRemove(context: EnvironmentsContext): void {
  const { server, panel, compute, trans } = context;
  addAction(context, {
    id: EnvironmentCommands.remove,
    label: trans('Delete environment…'),
    caption: trans('Delete a version of the environment, or all of them'),
    icon: closeIcon,
    failure: trans('The environment cannot be deleted'),
    isForOwn: true,
    act: async wanted => {
      const one = await server.rest.environment(wanted);
      await compute.kernels.refresh();
      const isOnly = one.versions.length < 2;
      const answer = await showDialog({
        title: trans('Delete environment %1:%2?', one.name, one.version),
        body: whoUses(one, context),
        checkbox: isOnly
          ? null
          : { label: trans('All %1 versions', one.versions.length), caption: '', checked: false },
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans('Delete environment') })]
      });
      if (!answer.button.accept) {
        return;
      }
      const { workspace, name } = one;
      const isAll = isOnly || answer.isChecked === true;
      await server.rest.removeEnvironment({
        workspace,
        name,
        version: isAll ? undefined : one.version
      });
      for (const version of isAll ? one.versions : [one.version]) {
        panel.model.drop(name, version);
      }
    }
  });
}

function whoUses(
  { runs, name, workspace }: WireEnvironment,
  { compute, trans }: EnvironmentsContext
): string {
  const told =
    runs === 0
      ? trans('No run used it.')
      : runs === 1
        ? trans('1 run used it; its record stays.')
        : trans('%1 runs used it; their records stay.', runs);
  const kernels = compute.kernels.specs
    .filter(one => one.workspace === workspace && one.environment === name)
    .map(one => one.displayName);
  const cut = kernels.length > 0 ? trans('Kernels are made of it: %1.', kernels.join(', ')) : '';
  return [told, cut, trans('This cannot be undone.')].filter(line => line).join(' ');
}

function addKernel(context: EnvironmentsContext): void {
  const { app, server, compute, trans, run } = context;
  addAction(context, {
    id: EnvironmentCommands.addKernel,
    label: trans('Add as kernel'),
    caption: trans('Make the environment a kernel for notebooks, with a card in the launcher'),
    icon: kernelIcon,
    failure: trans('The kernel cannot be added'),
    act: async wanted => {
      const { name, version, versions, workspace } = await server.rest.environment(wanted);
      const isNewest = version === versions[0];
      const place = await placeOf(name, workspace, context);
      if (place === null) {
        return;
      }
      const added = await server.rest.addKernel({
        workspace,
        environment: name,
        compute: place,
        ...(isNewest ? {} : { version })
      });
      await app.serviceManager.kernelspecs.refreshSpecs();
      await compute.kernels.refresh();
      Notification.success(trans('Kernel %1 is in the launcher.', added.displayName), {
        autoClose: 8000,
        actions: [
          {
            label: trans('New notebook'),
            callback: () => run('notebook:create-new', { kernelName: added.spec })
          }
        ]
      });
    }
  });
}

/** Where the kernel shall run: asked where there is a choice; null where it is given up. */
async function placeOf(
  name: string,
  workspace: string,
  { server, trans }: EnvironmentsContext
): Promise<string | null> {
  const targets = (await server.rest.targets(workspace))
    .filter(target => target.takesKernels)
    .map(target => target.name);
  if (targets.length === 0) {
    return LOCAL;
  }
  const answer = await InputDialog.getItem({
    title: trans('Where shall the kernel of %1 run?', name),
    items: [LOCAL, ...targets],
    editable: false,
    okLabel: trans('Add as kernel')
  });
  return answer.button.accept ? answer.value : null;
}

function addCopy(context: EnvironmentsContext): void {
  const { trans } = context;
  addAction(context, {
    id: EnvironmentCommands.copySubmit,
    label: trans('Copy submit line'),
    caption: trans('Copy the first line of a cell that runs in the environment'),
    icon: copyIcon,
    failure: trans('The line cannot be copied'),
    act: async ({ name }) => {
      const line = `%%aml submit -e ${name}`;
      Clipboard.copyToSystem(line);
      Notification.info(trans('Copied: %1', line), { autoClose: 3000 });
    }
  });
}
