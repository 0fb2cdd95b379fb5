/** The commands, pages and outputs that compare runs. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';
import { ComparisonModel } from '../../models/compare/comparison';
import { Commands, IServer, RepeatCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireComparison } from '../../wire';
import { compareIcon } from '../common/icons';
import { IRunLibrary } from '../runs/library';
import { IRunsPanel } from '../runs/runs';
import { addCompareBefore } from './before';
import { ComparePage, LaterComparison } from './ComparePage';

export const COMPARISON_MIME = 'application/vnd.jupyter-aml.comparison+json';
const RANK = -100;
const RUN_ID = /^[\w-]+$/;
/** So many runs can still be told from each other. */
const MOST = 100;

const ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      runIds: {
        type: 'array',
        items: { type: 'string' },
        description: 'The ids of the runs; without them, those that are selected.'
      }
    }
  }
};

type Pages = WidgetTracker<MainAreaWidget<ComparePage>>;

/** Puts runs side by side, in a page of their own and in the outputs of cells. */
export const compare: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:compare',
  description: 'Compares runs.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IRunsPanel],
  optional: [IRenderMimeRegistry, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    panel: IRunsPanel,
    rendermime: IRenderMimeRegistry | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const pages: Pages = new WidgetTracker({ namespace: 'jupyter-aml-compare' });
    const idsOf = (args: ReadonlyPartialJSONObject): string[] =>
      readIds(args.runIds) ?? panel.selectedIds;
    const open = (runId: string): void => void app.commands.execute(Commands.open, { runId });
    app.commands.addCommand(RepeatCommands.compare, {
      label: trans('Compare runs'),
      caption: trans('Put the selected runs side by side'),
      icon: compareIcon,
      describedBy: ARGUMENTS,
      isEnabled: args => idsOf(args).length > 1,
      execute: args => {
        const runIds = idsOf(args).slice(0, MOST);
        if (runIds.length > 0) {
          show(app, pages, runIds, () => new ComparePage(runIds, server, trans, open), trans);
        }
      }
    });
    addCompareBefore(app.commands, server, trans);
    palette?.addItem({ command: RepeatCommands.compare, category: 'AML' });
    rendermime?.addFactory(
      {
        safe: true,
        mimeTypes: [COMPARISON_MIME],
        createRenderer: () => new ComparisonRenderer(server, trans, open)
      },
      RANK
    );
    void restorer?.restore(pages, {
      command: RepeatCommands.compare,
      args: page => ({ runIds: [...page.content.runIds] }),
      name: page => nameOf(page.content.runIds)
    });
  }
};

function show(
  app: JupyterFrontEnd,
  pages: Pages,
  runIds: string[],
  make: () => ComparePage,
  trans: Trans
): void {
  const name = nameOf(runIds);
  const known = pages.find(page => nameOf(page.content.runIds) === name);
  const page = known ?? new MainAreaWidget({ content: make() });
  if (!known) {
    page.id = `jupyter-aml-compare-${name}`;
    page.title.icon = compareIcon;
    page.title.label = trans('%1 runs', runIds.length);
    page.title.caption = runIds.join('\n');
    page.title.closable = true;
    page.toolbar.hide();
    void pages.add(page);
  }
  if (!page.isAttached) {
    app.shell.add(page, app.name === 'Jupyter Notebook' ? 'right' : 'main', { type: 'AML' });
  }
  app.shell.activateById(page.id);
}

function nameOf(runIds: readonly string[]): string {
  return runIds.join('+');
}

function readIds(told: unknown): string[] | null {
  const isList = Array.isArray(told) && told.length > 0;
  return isList && told.every(id => typeof id === 'string' && RUN_ID.test(id)) ? told : null;
}

/** One output. Of its data only ids and what is stored of the runs are read. */
class ComparisonRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly server: IServer,
    private readonly trans: Trans,
    private readonly open: (runId: string) => void
  ) {
    super();
    this.addClass('jp-aml-RunRenderer');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const bundle = model.data[COMPARISON_MIME] as unknown as WireComparison | undefined;
    const ids = readIds(bundle?.runIds)?.slice(0, MOST);
    if (!bundle || !ids) {
      this.node.textContent = this.trans('This output does not name runs.');
      return;
    }
    this.model?.stop();
    this.model = new ComparisonModel(ids, this.server);
    if (bundle.snapshot) {
      this.model.restore(bundle.snapshot);
    }
    this.root ??= createRoot(this.node);
    this.root.render(
      <LaterComparison model={this.model} form="full" trans={this.trans} open={this.open} />
    );
    if (this.isAttached) {
      void this.model.load();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model?.stop();
    const root = this.root;
    this.root = null;
    // React may be drawing this very root now.
    queueMicrotask(() => root?.unmount());
    super.dispose();
  }

  protected override onAfterAttach(): void {
    void this.model?.load();
  }

  protected override onBeforeDetach(): void {
    this.model?.stop();
  }

  private model: ComparisonModel | null = null;
  private root: Root | null = null;
}
