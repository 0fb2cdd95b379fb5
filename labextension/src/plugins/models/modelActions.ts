/** The commands that change or use a model. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { closeIcon, copyIcon, editIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import { modelCode } from '../../models/models/models';
import { ModelCommands } from '../../tokens';
import type { IServer, RunCommand, Trans, Wanted } from '../../tokens';
import { attempt } from '../common/attempt';
import { argumentsOf } from '../common/pages';
import type { WantedBy } from '../common/pages';

/** What the commands about models share. */
export interface ModelsContext {
  app: JupyterFrontEnd;
  server: IServer;
  trans: Trans;
  run: RunCommand;
  wanted: WantedBy;
}

/** What can be done to a model: named, deleted, and got in a cell. */
export function addModelActions(context: ModelsContext): void {
  addCopy(context);
  addAlias(context);
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

function addAction({ app, trans, wanted }: ModelsContext, action: Action): void {
  const { id, label, caption, icon } = action;
  app.commands.addCommand(id, {
    label,
    caption,
    icon,
    describedBy: argumentsOf('model', trans),
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

function addCopy(context: ModelsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ModelCommands.copyCode,
    label: trans('Copy code of the model'),
    caption: trans('Copy the code that gets the model'),
    icon: copyIcon,
    failure: trans('The code cannot be copied'),
    act: async wanted => {
      const model = await server.rest.model(wanted);
      Clipboard.copyToSystem(modelCode(model));
      Notification.info(trans('Copied the code that gets %1', model.id), { autoClose: 3000 });
    }
  });
}

function addAlias(context: ModelsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ModelCommands.addAlias,
    label: trans('Give the model an alias…'),
    caption: trans('Give a version a name, such as champion'),
    icon: editIcon,
    failure: trans('The alias cannot be given'),
    act: async wanted => {
      const { workspace, name, version, id } = await server.rest.model(wanted);
      const answer = await InputDialog.getText({
        title: trans('Alias of %1', id),
        label: trans('A name for this version; whichever version has it loses it'),
        placeholder: 'champion',
        okLabel: trans('Give the alias')
      });
      const alias = answer.value?.trim();
      if (answer.button.accept && alias) {
        await server.rest.addAlias(name, { workspace, version, alias });
      }
    }
  });
}

function addRemove(context: ModelsContext): void {
  const { server, trans } = context;
  addAction(context, {
    id: ModelCommands.remove,
    label: trans('Delete model…'),
    caption: trans('Delete a version of the model, or all of them'),
    icon: closeIcon,
    failure: trans('The model cannot be deleted'),
    act: async wanted => {
      const { workspace, name, version, id } = await server.rest.model(wanted);
      const { total } = await server.rest.models({ workspace, name, limit: 1 });
      const isOnly = total < 2;
      const answer = await showDialog({
        title: trans('Delete model %1?', id),
        body: trans('Its files go, too. This cannot be undone.'),
        checkbox: isOnly
          ? null
          : { label: trans('All %1 versions', total), caption: '', checked: false },
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans('Delete model') })]
      });
      if (answer.button.accept) {
        const isAll = isOnly || answer.isChecked === true;
        await server.rest.removeModel({ workspace, name, version: isAll ? undefined : version });
      }
    }
  });
}
