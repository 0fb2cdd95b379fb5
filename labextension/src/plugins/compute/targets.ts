/** The plugin that opens targets on pages, creates and attaches them. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { addIcon } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import { TargetPageModel } from '../../models/compute/target';
import { TargetWriting } from '../../models/compute/writing';
import { ComputeCommands, IServer, ISidebar } from '../../tokens';
import type { RunCommand } from '../../tokens';
import { chipIcon } from '../common/icons';
import { argumentsOf, mainPage, showPage, wantedBy } from '../common/pages';
import { IRunLibrary } from '../runs/library';
import { IComputePanel } from './compute';
import { addTargetActions } from './targetActions';
import type { TargetsContext } from './targetActions';
import { TargetPage, TargetWriterPage } from './TargetPage';

type Pages = WidgetTracker<MainAreaWidget<TargetPage>>;

/** The pages of targets that are open. */
export type ITargetPages = Pages;

export const ITargetPages = new Token<ITargetPages>(
  'jupyter-aml:ITargetPages',
  'The pages of compute targets; with them come the commands about targets.'
);

/** The pages of targets, the page on which one is written, and what can be done to them. */
export const targets: JupyterFrontEndPlugin<ITargetPages> = {
  id: 'jupyter-aml:targets',
  description: 'Creates, shows, resizes, starts, stops and deletes compute targets.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar, IComputePanel],
  optional: [ICommandPalette, ILayoutRestorer],
  provides: ITargetPages,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    panel: IComputePanel,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-compute' });
    const run: RunCommand = (command, args = {}) => void app.commands.execute(command, args);
    const wanted = wantedBy({
      app,
      sidebar,
      pages,
      selected: () => panel.target,
      shown: ({ model }: TargetPage) => model.wanted
    });
    const context = { app, server, trans, run, wanted };
    addOpen(context, pages);
    addCreate(context, sidebar);
    addTargetActions(context);
    for (const command of Object.values(ComputeCommands)) {
      palette?.addItem({ command, category: 'AML' });
    }
    void restorer?.restore(pages, {
      command: ComputeCommands.open,
      args: ({ content: { model } }) => ({ name: model.name, workspace: model.workspace }),
      name: ({ content: { model } }) => `${model.workspace}/${model.name}`
    });
    return pages;
  }
};

function addOpen({ app, server, trans, run, wanted }: TargetsContext, pages: Pages): void {
  app.commands.addCommand(ComputeCommands.open, {
    label: trans('Open compute target'),
    caption: trans('Open the page of the compute target'),
    icon: chipIcon,
    describedBy: argumentsOf('compute target', trans),
    isEnabled: args => wanted(args) !== null,
    execute: args => {
      const asked = wanted(args);
      if (!asked) {
        return;
      }
      const { workspace, name } = asked;
      const id = `jupyter-aml-compute-${workspace}-${name}`;
      let page = pages.find(one => one.id === id);
      if (!page) {
        const model = new TargetPageModel(workspace, name, server);
        page = mainPage(new TargetPage(model, { run, trans }), id, name, chipIcon);
        void pages.add(page);
      }
      showPage(app, page);
    }
  });
}

function addCreate({ app, server, trans, run }: TargetsContext, sidebar: ISidebar): void {
  let written = 0;
  app.commands.addCommand(ComputeCommands.create, {
    label: trans('New compute target…'),
    caption: trans('Create a cluster, or attach what is there already'),
    icon: addIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      const { workspace } = sidebar;
      const content = new TargetWriterPage(new TargetWriting(workspace, server.rest, trans), {
        trans,
        close: () => page.dispose(),
        done: ({ name }) => {
          page.dispose();
          run(ComputeCommands.open, { name, workspace });
        }
      });
      const id = `jupyter-aml-new-compute-${++written}`;
      const page = mainPage(content, id, trans('New compute target'), addIcon);
      showPage(app, page);
    }
  });
}
