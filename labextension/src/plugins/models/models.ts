/** The plugin that opens models on pages, and gives them aliases. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { ModelPageModel } from '../../models/models/model';
import { IServer, ISidebar, ModelCommands } from '../../tokens';
import type { RunCommand } from '../../tokens';
import { gemIcon } from '../common/icons';
import { argumentsOf, mainPage, showPage, wantedBy } from '../common/pages';
import { IRunLibrary } from '../runs/library';
import { IModelsPanel } from './list';
import { addModelActions } from './modelActions';
import type { ModelsContext } from './modelActions';
import { ModelPage } from './ModelPage';

type Pages = WidgetTracker<MainAreaWidget<ModelPage>>;

/** The pages of models, and what can be done to them. */
export const models: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:models',
  description: 'Shows models, gives them aliases and deletes them.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IModelsPanel],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    panel: IModelsPanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-model' });
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    const wanted = wantedBy({
      app,
      sidebar,
      pages,
      selected: () => panel.selected,
      shown: ({ model }: ModelPage) => model.wanted
    });
    const context = { app, server, trans, run, wanted };
    addOpen(context, pages);
    addModelActions(context);
    for (const command of Object.values(ModelCommands)) {
      palette?.addItem({ command, category: 'AML' });
    }
    void restorer?.restore(pages, {
      command: ModelCommands.open,
      args: ({ content: { model } }) => ({ name: model.name, workspace: model.workspace }),
      name: ({ content: { model } }) => `${model.workspace}/${model.name}`
    });
  }
};

function addOpen({ app, server, trans, run, wanted }: ModelsContext, pages: Pages): void {
  app.commands.addCommand(ModelCommands.open, {
    label: trans('Open model'),
    caption: trans('Open the page of the model'),
    icon: gemIcon,
    describedBy: argumentsOf('model', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args => {
      const asked = wanted(args);
      if (!asked) {
        return;
      }
      const { workspace, name, version } = asked;
      const id = `jupyter-aml-model-${workspace}-${name}`;
      let page = pages.find(one => one.id === id);
      if (!page) {
        const content = new ModelPage(new ModelPageModel(workspace, name, server), { run, trans });
        page = mainPage(content, id, name, gemIcon);
        void pages.add(page);
      }
      if (version !== undefined && typeof args.version === 'string') {
        void page.content.model.show(version);
      }
      showPage(app, page);
    }
  });
}
