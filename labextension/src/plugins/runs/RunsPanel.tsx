/** The runs in the sidebar; the list is followed only while it is shown. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { NOTHING, within } from '../../models/common/selection';
import type { Selection } from '../../models/common/selection';
import type { RunsModel } from '../../models/runs/runs';
import type { ISidebar } from '../../tokens';
import { RunsPane } from '../../views/runs/RunsPane';
import type { RunsMemory, RunsPaneProps } from '../../views/runs/RunsPane';
import type { Memory } from '../common/memory';

type Given = Omit<RunsPaneProps, 'model' | 'memory' | 'remember' | 'selection' | 'select'>;

export class RunsPanel extends ReactWidget {
  constructor(
    readonly model: RunsModel,
    private readonly sidebar: ISidebar,
    private readonly memory: Memory<RunsMemory>,
    private readonly given: Given
  ) {
    super();
    sidebar.changed.subscribe(() => this.follow());
    model.changed.subscribe(() => {
      const left = within(this.selection, id => model.find(id) !== null);
      if (left !== this.selection) {
        this.choose(left);
      }
    });
    void memory.recall().then(() => {
      this.generation += 1;
      this.update();
      this.follow();
    });
  }

  /** The runs that are selected in the list. */
  selection: Selection = NOTHING;

  /** The run that was selected last. */
  get selected(): string | null {
    return this.selection.lead;
  }

  /** The selected runs from the top of the list to its end. */
  get selectedIds(): string[] {
    const { ids } = this.selection;
    return this.model.rows.map(run => run.runId).filter(id => ids.has(id));
  }

  /** Show the runs that a filter lets through. */
  showRuns(filter: string): void {
    this.memory.keep({ filter });
    this.generation += 1;
    this.update();
    this.follow();
  }

  protected override render(): JSX.Element {
    return (
      <RunsPane
        key={this.generation}
        {...this.given}
        model={this.model}
        memory={this.memory.value}
        remember={change => {
          this.memory.keep(change);
          this.update();
        }}
        selection={this.selection}
        select={selection => this.choose(selection)}
      />
    );
  }

  protected override onAfterShow(): void {
    this.model.start();
    this.model.aim(this.sidebar.workspace, this.memory.value.filter);
    void this.model.refresh();
  }

  protected override onAfterHide(): void {
    this.model.stop();
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=tree]') ?? this.node.querySelector('input');
    place?.focus();
  }

  /** Show what the sidebar and the filter are at, unless the list shows it already. */
  private follow(): void {
    const isNew = this.model.aim(this.sidebar.workspace, this.memory.value.filter);
    if (isNew && this.isVisible) {
      void this.model.refresh();
    }
  }

  private choose(selection: Selection): void {
    this.selection = selection;
    this.update();
  }

  private generation = 0;
}
