/** The plugin that draws runs in the outputs of cells. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime';
import type { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';
import { FINAL } from '../../models/common/words';
import { Commands } from '../../tokens';
import { RunCard } from '../../views/run/RunCard';
import { RUN_MIME } from '../../wire';
import type { WireBundle } from '../../wire';
import { actionsOf } from './actions';
import { IRunLibrary } from './library';

// Lower than the widget view (-10) and HTML (50), so that this form of the output wins.
const RANK = -100;
const RUN_ID = /^[\w-]+$/;

/** Draws a run in a cell's output, live without a kernel. */
export const renderer: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:renderer',
  description: 'Shows runs in the outputs of cells.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IRunLibrary],
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, library: IRunLibrary) => {
    const createRenderer = (): RunRenderer => new RunRenderer(library, app.commands);
    rendermime.addFactory({ safe: true, mimeTypes: [RUN_MIME], createRenderer }, RANK);
  }
};

/** One output. Of the bundle only the run's id and the stored card are read. */
class RunRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly library: IRunLibrary,
    private readonly commands: CommandRegistry
  ) {
    super();
    this.addClass('jp-aml-RunRenderer');
  }

  /** Called again for a display that is updated, and when the output is stored. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const bundle = model.data[RUN_MIME] as unknown as WireBundle | undefined;
    if (!bundle || typeof bundle.runId !== 'string' || !RUN_ID.test(bundle.runId)) {
      this.node.textContent = this.library.trans('This output does not name a run.');
      return;
    }
    if (bundle.runId !== this.runId) {
      this.stop();
      this.runId = bundle.runId;
    }
    const card = bundle.snapshot?.run?.runId === bundle.runId ? bundle.snapshot : null;
    const run = this.library.runs.get(bundle.runId, card);
    this.isOver = card !== null && FINAL.has(card.run.status);
    this.root ??= createRoot(this.node);
    this.root.render(
      <RunCard
        model={run}
        form={bundle.show === 'mini' ? 'mini' : 'full'}
        trans={this.library.trans}
        parts={this.library.parts}
        cancel={() => run.cancel()}
        open={this.opener(bundle.runId)}
        actions={() => actionsOf(this.commands, bundle.runId)}
      />
    );
    if (this.isAttached) {
      this.start();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.stop();
    const root = this.root;
    this.root = null;
    // React may be drawing this very root now.
    queueMicrotask(() => root?.unmount());
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this.start();
  }

  protected override onBeforeDetach(): void {
    this.stop();
  }

  private opener(runId: string): (() => void) | undefined {
    return this.commands.hasCommand(Commands.open)
      ? () => void this.commands.execute(Commands.open, { runId })
      : undefined;
  }

  /** Follow the run; a stored card that is final needs no server. */
  private start(): void {
    if (this.runId !== null && !this.isOver) {
      this.unfollow ??= this.library.runs.follow(this.runId);
    }
  }

  private stop(): void {
    this.unfollow?.();
    this.unfollow = null;
  }

  private root: Root | null = null;
  private runId: string | null = null;
  private isOver = false;
  private unfollow: (() => void) | null = null;
}
