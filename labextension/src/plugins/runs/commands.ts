/** The commands about runs, and which run each of them means. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Clipboard,
  Dialog,
  ICommandPalette,
  MainAreaWidget,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import {
  closeIcon,
  CommandToolbarButton,
  copyIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Token } from '@lumino/coreutils';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { canCancel, distinction, FINAL, numbered } from '../../models/common/words';
import { Commands, IServer, ISidebar, RepeatCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { attempt } from '../common/attempt';
import { flaskIcon } from '../common/icons';
import { actionsOf } from './actions';
import { IRunLibrary } from './library';
import { RunPage } from './RunPage';
import { IRunsPanel } from './runs';

export const RUN_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      runId: {
        type: 'string',
        description: 'The id of the run; without it, the one that is selected.'
      }
    }
  }
};
const NO_ARGUMENTS: { args: ReadonlyJSONObject } = { args: { type: 'object', properties: {} } };
const SHOW_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      filter: {
        type: 'string',
        description: 'Which runs to show, in the words of the filter; without it, as it was left.'
      }
    }
  }
};

type Pages = WidgetTracker<MainAreaWidget<RunPage>>;

/** Which run a command is about: the one it names, the one under the menu, the selected, the open. */
export interface IRunOfCommand {
  id(args: ReadonlyPartialJSONObject): string | null;
  run(args: ReadonlyPartialJSONObject): WireRun | null;
}

export const IRunOfCommand = new Token<IRunOfCommand>(
  'jupyter-aml:IRunOfCommand',
  'Says which run a command is about.'
);

/** Everything that can be done to a run, as commands. */
export const commands: JupyterFrontEndPlugin<IRunOfCommand> = {
  id: 'jupyter-aml:commands',
  description: 'Opens, cancels and deletes runs; adds the pages of runs.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IRunsPanel, ISidebar],
  optional: [ICommandPalette, ILayoutRestorer],
  provides: IRunOfCommand,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    library: IRunLibrary,
    panel: IRunsPanel,
    sidebar: ISidebar,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-run' });
    const runOf = new RunOfCommand(app, panel, sidebar, pages, library);
    addOpen(app, runOf, pages, library);
    addActions(app.commands, runOf, panel, server, library);
    addPanelCommands(app, panel, sidebar, library);
    for (const command of Object.values(Commands)) {
      palette?.addItem({ command, category: 'AML' });
    }
    void restorer?.restore(pages, {
      command: Commands.open,
      args: page => ({ runId: page.content.runId }),
      name: page => page.content.runId
    });
    return runOf;
  }
};

class RunOfCommand implements IRunOfCommand {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly panel: IRunsPanel,
    sidebar: ISidebar,
    private readonly pages: Pages,
    private readonly library: IRunLibrary
  ) {
    // A menu takes the focus, so it is remembered where it was.
    sidebar.node.addEventListener('focusin', () => (this.isOnPage = false));
    pages.widgetAdded.connect((_, page) => {
      page.node.addEventListener('focusin', () => (this.isOnPage = true));
    });
    pages.currentChanged.connect(() => (this.isOnPage = true));
  }

  id(args: ReadonlyPartialJSONObject): string | null {
    if (typeof args.runId === 'string') {
      return args.runId;
    }
    const page = this.pages.currentWidget;
    if (page && this.isOnPage && page === this.app.shell.currentWidget) {
      return page.content.runId;
    }
    return this.panel.selected;
  }

  run(args: ReadonlyPartialJSONObject): WireRun | null {
    const id = this.id(args);
    return id === null ? null : (this.library.runs.peek(id)?.run ?? this.panel.model.find(id));
  }

  /** Those that a command about several is about. */
  runs(args: ReadonlyPartialJSONObject): WireRun[] {
    const id = this.id(args);
    const ids = id !== null && id === this.panel.selected ? this.panel.selectedIds : [];
    const runs = (ids.length > 1 ? ids : [id]).map(one => one && this.run({ runId: one }));
    return runs.filter((run): run is WireRun => Boolean(run));
  }

  private isOnPage = false;
}

function addOpen(
  app: JupyterFrontEnd,
  runOf: RunOfCommand,
  pages: Pages,
  library: IRunLibrary
): void {
  const { trans } = library;
  app.commands.addCommand(Commands.open, {
    label: trans('Open run'),
    caption: trans('Open the page of the run'),
    icon: flaskIcon,
    describedBy: RUN_ARGUMENTS,
    isEnabled: args => runOf.id(args) !== null,
    execute: args => {
      const runId = runOf.id(args);
      if (runId === null || !/^[\w-]+$/.test(runId)) {
        return;
      }
      const known = pages.find(page => page.content.runId === runId);
      const page = known ?? newPage(runId, library, app.commands);
      if (!known) {
        void pages.add(page);
      }
      if (!page.isAttached) {
        // A page of Notebook has room for one document in its middle.
        const area = app.name === 'Jupyter Notebook' ? 'right' : 'main';
        app.shell.add(page, area, { type: 'AML' });
      }
      app.shell.activateById(page.id);
    }
  });
}

/** What a page offers to do with its run; where no plugin does it, there is no button. */
const ON_PAGE = [RepeatCommands.clone, RepeatCommands.retry, Commands.copyId, Commands.remove];

function newPage(
  runId: string,
  library: IRunLibrary,
  registry: CommandRegistry
): MainAreaWidget<RunPage> {
  const page = new MainAreaWidget({
    content: new RunPage(runId, library, () => actionsOf(registry, runId))
  });
  const model = library.runs.get(runId);
  page.id = `jupyter-aml-run-${runId}`;
  page.title.icon = flaskIcon;
  page.title.closable = true;
  page.toolbar.addClass('jp-aml-RunPage-toolbar');
  page.toolbar.node.setAttribute('aria-label', library.trans('Run'));
  for (const id of ON_PAGE.filter(one => registry.hasCommand(one))) {
    const button = new CommandToolbarButton({
      commands: registry,
      id,
      args: { runId },
      label: registry.label(id)
    });
    page.toolbar.addItem(id, button);
  }
  let status = '';
  const name = (): void => {
    if (model.run && model.run.status !== status) {
      status = model.run.status;
      // The buttons ask again whether they can be pressed.
      ON_PAGE.forEach(id => registry.hasCommand(id) && registry.notifyCommandChanged(id));
    }
    page.title.label = model.run ? numbered(model.run) : runId;
    page.title.caption = [model.run?.experiment, runId].filter(part => part).join('\n');
  };
  name();
  page.disposed.connect(model.changed.subscribe(name));
  return page;
}

function addActions(
  registry: CommandRegistry,
  runOf: RunOfCommand,
  panel: IRunsPanel,
  server: IServer,
  { trans }: IRunLibrary
): void {
  registry.addCommand(Commands.cancel, {
    label: trans('Cancel run'),
    caption: trans('End the run and all that it started'),
    icon: stopIcon,
    describedBy: RUN_ARGUMENTS,
    isEnabled: args => {
      const run = runOf.run(args);
      return run !== null && canCancel(run.status);
    },
    execute: args => {
      const runId = runOf.id(args);
      return attempt(trans('The run cannot be canceled'), async () => {
        if (runId !== null) {
          panel.model.take(await server.rest.cancel(runId));
        }
      });
    }
  });
  registry.addCommand(Commands.remove, {
    label: trans('Delete run'),
    caption: trans('Delete the runs that are selected, with their files, logs and metrics'),
    icon: closeIcon,
    describedBy: RUN_ARGUMENTS,
    isEnabled: args => {
      const runs = runOf.runs(args);
      return runs.length > 0 && runs.every(run => FINAL.has(run.status));
    },
    execute: async args => {
      const runs = runOf.runs(args);
      if (await isDeletionWanted(runs, trans)) {
        await attempt(trans('The run cannot be deleted'), async () => {
          for (const run of runs) {
            await server.rest.remove(run.runId);
            panel.model.drop(run.runId);
          }
        });
      }
    }
  });
  registry.addCommand(Commands.copyId, {
    label: trans('Copy run id'),
    caption: trans('Copy the id of the run to the clipboard'),
    icon: copyIcon,
    describedBy: RUN_ARGUMENTS,
    isEnabled: args => runOf.id(args) !== null,
    execute: args => Clipboard.copyToSystem(runOf.id(args) ?? '')
  });
}

async function isDeletionWanted(runs: WireRun[], trans: Trans): Promise<boolean> {
  const [first, ...others] = runs;
  if (!first) {
    return false;
  }
  const label = others.length ? trans('Delete %1 runs', runs.length) : trans('Delete run');
  const { button } = await showDialog({
    title: others.length
      ? trans('Delete %1 runs?', runs.length)
      : trans('Delete run #%1 of %2?', first.number, first.experiment),
    body: others.length
      ? trans('They go with their files, logs, metrics and children. This cannot be undone.')
      : trans(
          '%1 goes with its files, logs and metrics. This cannot be undone.',
          distinction(first)
        ),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label })]
  });
  return button.accept;
}

function addPanelCommands(
  app: JupyterFrontEnd,
  panel: IRunsPanel,
  sidebar: ISidebar,
  { trans }: IRunLibrary
): void {
  app.commands.addCommand(Commands.show, {
    label: trans('Show runs'),
    caption: trans('Show the runs of the workspace in the sidebar'),
    icon: flaskIcon,
    describedBy: SHOW_ARGUMENTS,
    isEnabled: () => true,
    execute: ({ filter }) => {
      if (typeof filter === 'string') {
        panel.showRuns(filter);
      }
      sidebar.open('runs');
    }
  });
  app.commands.addCommand(Commands.refresh, {
    label: trans('Refresh the runs'),
    caption: trans('Load the list of runs again'),
    icon: refreshIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => true,
    execute: () => panel.model.retry()
  });
}
