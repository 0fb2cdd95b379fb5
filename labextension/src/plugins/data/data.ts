/** The plugin that opens data sets on pages, and sends files to datastores. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Clipboard,
  Dialog,
  ICommandPalette,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { closeIcon, copyIcon } from '@jupyterlab/ui-components';
import { DatasetPageModel } from '../../models/data/dataset';
import { datasetCode } from '../../models/data/datasets';
import { DataCommands, IServer, ISidebar } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import { attempt } from '../common/attempt';
import { drumIcon } from '../common/icons';
import { argumentsOf, mainPage, showPage, wantedBy } from '../common/pages';
import type { WantedBy } from '../common/pages';
import { IRunLibrary } from '../runs/library';
import { DatasetPage } from './DatasetPage';
import { IDataPanel } from './list';
import { addStoreActions } from './storeActions';

type Pages = WidgetTracker<MainAreaWidget<DatasetPage>>;

/** The pages of data sets, and what can be done to them and to datastores. */
export const data: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:data',
  description: 'Shows and deletes data sets, and sends files to datastores.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IDataPanel],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    panel: IDataPanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-dataset' });
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    const wanted = wantedBy({
      app,
      sidebar,
      pages,
      selected: () => panel.selected,
      shown: ({ model }: DatasetPage) => model.wanted
    });
    const context = { app, server, trans, run, wanted };
    addOpen(context, pages);
    addCopy(context);
    addRemove(context);
    addStoreActions({ app, server, trans, panel });
    const { open, copyCode, remove, upload } = DataCommands;
    for (const command of [open, copyCode, remove, upload]) {
      palette?.addItem({ command, category: 'AML' });
    }
    void restorer?.restore(pages, {
      command: open,
      args: ({ content: { model } }) => ({ name: model.name, workspace: model.workspace }),
      name: ({ content: { model } }) => `${model.workspace}/${model.name}`
    });
  }
};

interface Context {
  app: JupyterFrontEnd;
  server: IServer;
  trans: Trans;
  run: RunCommand;
  wanted: WantedBy;
}

function addOpen({ app, server, trans, run, wanted }: Context, pages: Pages): void {
  app.commands.addCommand(DataCommands.open, {
    label: trans('Open data set'),
    caption: trans('Open the page of the data set'),
    icon: drumIcon,
    describedBy: argumentsOf('data set', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args => {
      const asked = wanted(args);
      if (!asked) {
        return;
      }
      const { workspace, name } = asked;
      const id = `jupyter-aml-dataset-${workspace}-${name}`;
      let page = pages.find(one => one.id === id);
      if (!page) {
        const model = new DatasetPageModel(workspace, name, server);
        page = mainPage(new DatasetPage(model, { run, trans }), id, name, drumIcon);
        void pages.add(page);
      }
      if (typeof args.version === 'string') {
        void page.content.model.show(args.version);
      }
      showPage(app, page);
    }
  });
}

function addCopy({ app, server, trans, wanted }: Context): void {
  app.commands.addCommand(DataCommands.copyCode, {
    label: trans('Copy code of the data set'),
    caption: trans('Copy the code that gets the data set'),
    icon: copyIcon,
    describedBy: argumentsOf('data set', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args =>
      attempt(trans('The code cannot be copied'), async () => {
        const asked = wanted(args);
        if (asked) {
          Clipboard.copyToSystem(datasetCode(await server.rest.dataset(asked)));
        }
      })
  });
}

function addRemove({ app, server, trans, wanted }: Context): void {
  app.commands.addCommand(DataCommands.remove, {
    label: trans('Delete data set…'),
    caption: trans('Forget a version of the data set, or all of them; the files stay'),
    icon: closeIcon,
    describedBy: argumentsOf('data set', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args =>
      attempt(trans('The data set cannot be deleted'), async () => {
        const asked = wanted(args);
        if (!asked) {
          return;
        }
        const { workspace, name, version, versions } = await server.rest.dataset(asked);
        const isOnly = versions.length < 2;
        const answer = await showDialog({
          title: trans('Delete data set %1:%2?', name, version),
          body: trans('What lies behind it stays where it is.'),
          checkbox: isOnly
            ? null
            : { label: trans('All %1 versions', versions.length), caption: '', checked: false },
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans('Delete data set') })]
        });
        if (answer.button.accept) {
          const isAll = isOnly || answer.isChecked === true;
          await server.rest.removeDataset({
            workspace,
            name,
            version: isAll ? undefined : version
          });
        }
      })
  });
}
