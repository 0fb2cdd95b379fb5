/** The commands that change or use a compute target. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { closeIcon, copyIcon, editIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import { submitLine, targetCode } from '../../models/compute/targets';
import { ComputeCommands } from '../../tokens';
import type { IServer, RunCommand, Trans, Wanted } from '../../tokens';
import { attempt } from '../common/attempt';
import { askFor } from '../common/form';
import { argumentsOf } from '../common/pages';
import type { WantedBy } from '../common/pages';

/** What the commands about targets share. */
export interface TargetsContext {
  app: JupyterFrontEnd;
  server: IServer;
  trans: Trans;
  run: RunCommand;
  wanted: WantedBy;
}

/** What can be done to a target: used in a cell, resized, started, stopped, deleted. */
export function addTargetActions(context: TargetsContext): void {
  addCopies(context);
  addResize(context);
  addStops(context);
  addRemove(context);
}

interface Action {
  id: string;
  label: string;
  caption: string;
  icon: LabIcon;
  /** The title of the error, if it cannot be done. */
  failure: string;
  act(wanted: Wanted): Promise<void>;
}

function addAction({ app, trans, wanted }: TargetsContext, action: Action): void {
  const { id, label, caption, icon } = action;
  app.commands.addCommand(id, {
    label,
    caption,
    icon,
    describedBy: argumentsOf('compute target', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args =>
      attempt(action.failure, async () => {
        const asked = wanted(args);
        if (asked) {
          await action.act(asked);
        }
      })
  });
}

function addCopies(context: TargetsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ComputeCommands.copyCode,
    label: trans('Copy code of the compute target'),
    caption: trans('Copy the code that gets the compute target'),
    icon: copyIcon,
    failure: trans('The code cannot be copied'),
    act: async wanted => {
      Clipboard.copyToSystem(targetCode(await server.rest.target(wanted), wanted.workspace));
      Notification.info(trans('Copied the code that gets %1', wanted.name), { autoClose: 3000 });
    }
  });
  addAction(context, {
    id: ComputeCommands.copySubmit,
    label: trans('Copy submit line of the compute target'),
    caption: trans('Copy the first line of a cell that runs on the compute target'),
    icon: copyIcon,
    failure: trans('The line cannot be copied'),
    act: async wanted => {
      const line = submitLine(wanted);
      Clipboard.copyToSystem(line);
      Notification.info(trans('Copied: %1', line), { autoClose: 3000 });
    }
  });
}

function addResize(context: TargetsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ComputeCommands.resize,
    label: trans('Resize compute target…'),
    caption: trans('Change how many nodes the compute target may have'),
    icon: editIcon,
    failure: trans('The compute target cannot be resized'),
    act: async wanted => {
      const { name, workspace } = wanted;
      const target = await server.rest.target(wanted);
      const fields = [
        { name: 'minNodes', label: trans('Nodes, at least'), value: String(target.minNodes) },
        { name: 'maxNodes', label: trans('Nodes, at most'), value: String(target.maxNodes) },
        {
          name: 'idleSeconds',
          label: trans('Idle seconds'),
          note: trans('after which a node leaves'),
          value: String(target.idleSeconds)
        }
      ];
      await askFor(trans('Resize %1', name), fields, trans('Resize'), async answer => {
        const number = (field: string): number => {
          const text = answer.get(field)?.trim() ?? '';
          if (!/^\d+$/.test(text)) {
            const { label } = fields.find(one => one.name === field)!;
            throw new Error(trans('%1: %2 is no number.', label, text || '–'));
          }
          return Number(text);
        };
        await server.rest.changeTarget(name, {
          workspace,
          minNodes: number('minNodes'),
          maxNodes: number('maxNodes'),
          idleSeconds: number('idleSeconds')
        });
      });
    }
  });
}

function addStops(context: TargetsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ComputeCommands.start,
    label: trans('Start compute target'),
    caption: trans('Let the runs that wait for the compute target go on'),
    icon: runIcon,
    failure: trans('The compute target cannot be started'),
    act: async ({ name, workspace }) => {
      await server.rest.changeTarget(name, { workspace, isStopped: false });
    }
  });
  addAction(context, {
    id: ComputeCommands.stop,
    label: trans('Stop compute target'),
    caption: trans('End the nodes of the compute target; runs wait until it is started'),
    icon: stopIcon,
    failure: trans('The compute target cannot be stopped'),
    act: async ({ name, workspace }) => {
      await server.rest.changeTarget(name, { workspace, isStopped: true });
    }
  });
}

function addRemove(context: TargetsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ComputeCommands.remove,
    label: trans('Delete compute target…'),
    caption: trans('Delete the compute target, or detach what was there before'),
    icon: closeIcon,
    failure: trans('The compute target cannot be deleted'),
    act: async wanted => {
      const { isAttached } = await server.rest.target(wanted);
      const [title, body, label] = isAttached
        ? [
            trans('Detach compute target %1?', wanted.name),
            trans('It stays as it is, and is no longer known here.'),
            trans('Detach')
          ]
        : [
            trans('Delete compute target %1?', wanted.name),
            trans('Its nodes end. The runs that were on it stay in the list.'),
            trans('Delete')
          ];
      const answer = await showDialog({
        title,
        body,
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label })]
      });
      if (answer.button.accept) {
        await server.rest.removeTarget(wanted);
      }
    }
  });
}
