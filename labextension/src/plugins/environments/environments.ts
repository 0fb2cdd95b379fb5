/** The plugin that opens environments, on pages to read and to write them. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { addIcon, editIcon } from '@jupyterlab/ui-components';
import { EnvironmentModel } from '../../models/environments/environment';
import { WritingModel } from '../../models/environments/writing';
import { Commands, EnvironmentCommands, IServer, ISidebar } from '../../tokens';
import type { RunCommand } from '../../tokens';
import type { MakeEditor } from '../../views/environments/YamlEditor';
import type { WireEnvironment } from '../../wire';
import { attempt } from '../common/attempt';
import { boxIcon } from '../common/icons';
import { mainPage, showPage, wantedBy } from '../common/pages';
import { IComputePanel } from '../compute/compute';
import { IRunLibrary } from '../runs/library';
import { yamlEditors } from './editor';
import { addEnvironmentActions } from './environmentActions';
import { ENVIRONMENT_ARGUMENTS, isCurated } from './environmentContext';
import type { EnvironmentsContext } from './environmentContext';
import { EnvironmentPage } from './EnvironmentPage';
import { IEnvironmentsPanel } from './list';
import { WriterPage } from './WriterPage';

type Pages = WidgetTracker<MainAreaWidget<EnvironmentPage>>;

/** The pages of environments, the page on which one is written, and what can be done to them. */
export const environments: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:environments',
  description: 'Writes, shows, builds, clones and deletes environments.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IEnvironmentsPanel, IComputePanel, IEditorServices],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    panel: IEnvironmentsPanel,
    compute: IComputePanel,
    editors: IEditorServices,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-environment' });
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    const wanted = wantedBy({
      app,
      sidebar,
      pages,
      selected: () => panel.selected,
      shown: ({ model: { workspace, name, environment } }: EnvironmentPage) => ({
        workspace,
        name,
        version: environment?.version
      })
    });
    const context = { app, server, panel, compute, trans, run, wanted };
    const editor = yamlEditors(editors);
    addOpen(context, pages, editor);
    addWriters(context, editor);
    addEnvironmentActions(context);
    const { create, open, build, edit, clone, remove, addKernel, copySubmit } = EnvironmentCommands;
    for (const command of [create, open, build, edit, clone, remove, addKernel, copySubmit]) {
      palette?.addItem({ command, category: 'AML' });
    }
    void restorer?.restore(pages, {
      command: open,
      args: ({ content: { model } }) => ({ name: model.name, workspace: model.workspace }),
      name: ({ content: { model } }) => `${model.workspace}/${model.name}`
    });
  }
};

function addOpen(context: EnvironmentsContext, pages: Pages, editor: MakeEditor): void {
  const { app, server, trans, run, wanted } = context;
  const filterRuns = (filter: string): void => run(Commands.show, { filter });
  app.commands.addCommand(EnvironmentCommands.open, {
    label: trans('Open environment'),
    caption: trans('Open the page of the environment'),
    icon: boxIcon,
    describedBy: ENVIRONMENT_ARGUMENTS,
    isEnabled: args => wanted(args) !== null,
    execute: args => {
      const asked = wanted(args);
      if (!asked) {
        return;
      }
      const { workspace, name } = asked;
      const id = `jupyter-aml-environment-${workspace}-${name}`;
      let page = pages.find(one => one.id === id);
      if (!page) {
        const model = new EnvironmentModel(workspace, name, server);
        const content = new EnvironmentPage(model, { run, filterRuns, editor, trans });
        page = mainPage(content, id, name, boxIcon);
        void pages.add(page);
      }
      showPage(app, page);
    }
  });
}

function addWriters(
  { app, server, panel, trans, run, wanted }: EnvironmentsContext,
  editor: MakeEditor
): void {
  const write = (workspace: string, from: WireEnvironment | null): void => {
    const model = new WritingModel(workspace, server.rest, from?.definition ?? null);
    const label = from ? trans('Edit %1', from.name) : trans('New environment');
    const content = new WriterPage(model, {
      known: name => (workspace === panel.model.workspace ? panel.model.find(name) : null),
      editor,
      trans,
      close: () => page.dispose(),
      done: (made, isToBuild) => {
        panel.model.take(made);
        page.dispose();
        const args = { name: made.name, version: made.version, workspace };
        run(EnvironmentCommands.open, { name: made.name, workspace });
        if (isToBuild) {
          run(EnvironmentCommands.build, args);
        }
      }
    });
    const icon = from ? editIcon : addIcon;
    const page = mainPage(content, `jupyter-aml-writer-${++written}`, label, icon);
    showPage(app, page);
    if (from) {
      void model.check();
    }
  };
  app.commands.addCommand(EnvironmentCommands.create, {
    label: args => (args.isLauncher ? trans('AML environment') : trans('New environment…')),
    caption: trans('Write an environment as a form or as YAML'),
    icon: addIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => write(panel.model.workspace, null)
  });
  app.commands.addCommand(EnvironmentCommands.edit, {
    label: trans('Edit environment…'),
    caption: trans('Write the next version of the environment'),
    icon: editIcon,
    describedBy: ENVIRONMENT_ARGUMENTS,
    isEnabled: args => wanted(args) !== null && !isCurated(wanted(args)!.name, panel),
    execute: args =>
      attempt(trans('The environment cannot be edited'), async () => {
        const asked = wanted(args);
        if (asked) {
          write(asked.workspace, await server.rest.environment(asked));
        }
      })
  });
}

let written = 0;
