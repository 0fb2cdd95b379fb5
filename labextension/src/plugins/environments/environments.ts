/** The plugin that opens environments, on pages to read and to write them. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { addIcon, editIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';
import { EnvironmentModel } from '../../models/environments/environment';
import { WritingModel } from '../../models/environments/writing';
import { Commands, EnvironmentCommands, IServer, ISidebar } from '../../tokens';
import type { RunCommand } from '../../tokens';
import type { MakeEditor } from '../../views/environments/YamlEditor';
import type { WireEnvironment } from '../../wire';
import { attempt } from '../common/attempt';
import { boxIcon } from '../common/icons';
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
    const wanted = wantedBy(app, sidebar, panel, pages);
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

/** The version that a command names, that under the menu, that of the page, or the selected one. */
function wantedBy(
  app: JupyterFrontEnd,
  sidebar: ISidebar,
  panel: IEnvironmentsPanel,
  pages: Pages
): EnvironmentsContext['wanted'] {
  // A menu takes the focus, so it is remembered where it was.
  let isOnPage = false;
  sidebar.node.addEventListener('focusin', () => (isOnPage = false));
  pages.widgetAdded.connect((_, page) => {
    page.node.addEventListener('focusin', () => (isOnPage = true));
  });
  pages.currentChanged.connect(() => (isOnPage = true));
  return args => {
    const text = (key: string): string | undefined =>
      typeof args[key] === 'string' ? (args[key] as string) : undefined;
    const page = pages.currentWidget;
    const isPage = isOnPage && page !== null && page === app.shell.currentWidget;
    const shown = isPage ? page.content.model : null;
    const workspace = text('workspace') ?? shown?.workspace ?? sidebar.workspace;
    const named = text('name');
    if (named !== undefined) {
      return { workspace, name: named, version: text('version') };
    }
    if (shown) {
      return { workspace, name: shown.name, version: shown.environment?.version };
    }
    return panel.selected === null ? null : { workspace, name: panel.selected };
  };
}

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
      show(app, page);
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
    show(app, page);
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

function mainPage<T extends Widget>(
  content: T,
  id: string,
  label: string,
  icon: LabIcon
): MainAreaWidget<T> {
  const page = new MainAreaWidget({ content });
  page.id = id;
  page.title.label = label;
  page.title.caption = label;
  page.title.icon = icon;
  page.title.closable = true;
  page.toolbar.hide();
  return page;
}

function show(app: JupyterFrontEnd, page: MainAreaWidget): void {
  if (!page.isAttached) {
    // A page of Notebook has room for one document in its middle.
    app.shell.add(page, app.name === 'Jupyter Notebook' ? 'right' : 'main', { type: 'AML' });
  }
  app.shell.activateById(page.id);
}
