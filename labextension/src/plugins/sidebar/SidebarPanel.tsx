import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { NOTHING, within } from '../../models/common/selection';
import type { Selection } from '../../models/common/selection';
import type { KernelsModel } from '../../models/compute/kernels';
import type { EnvironmentsModel } from '../../models/environments/environments';
import type { RunsModel } from '../../models/runs/runs';
import { Sidebar } from '../../views/sidebar/Sidebar';
import type { Chosen, SidebarMemory, SidebarProps } from '../../views/sidebar/Sidebar';
import { flaskIcon } from '../common/icons';

type Given = Pick<
  SidebarProps,
  'workspaces' | 'open' | 'remove' | 'compare' | 'leave' | 'begin' | 'run' | 'trans'
>;

/** The panel at the left; it follows the list only while it is shown. */
export class SidebarPanel extends ReactWidget {
  constructor(
    readonly model: RunsModel,
    readonly environments: EnvironmentsModel,
    readonly kernels: KernelsModel,
    private memory: SidebarMemory,
    private readonly given: Given
  ) {
    super();
    this.id = 'jupyter-aml-sidebar';
    this.addClass('jp-aml-Sidebar');
    this.title.icon = flaskIcon;
    this.title.caption = given.trans?.('AML runs') ?? 'AML runs';
    // The list of environments says how many runs used each.
    model.met.subscribe(() => environments.soon());
    model.changed.subscribe(() => {
      const left = within(this.selection, id => model.find(id) !== null);
      if (left !== this.selection) {
        this.choose(left);
      }
    });
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  /** Given when what is to be remembered has changed. */
  readonly remembered = new Signal<this, SidebarMemory>(this);

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

  /** What is selected in the other lists. */
  chosen: Chosen = { environment: null, kernel: null };

  /** Bring back what was remembered. */
  restore(memory: SidebarMemory): void {
    this.memory = memory;
    this.model.workspace = memory.workspace;
    this.model.filter = memory.filter;
    this.environments.workspace = memory.workspace;
    this.generation += 1;
    this.update();
  }

  /** Show the runs that a filter lets through. */
  showRuns(filter: string): void {
    const folded = this.memory.folded.filter(id => id !== 'runs');
    this.remember({ ...this.memory, filter, folded });
    this.generation += 1;
    this.update();
    void this.model.show(this.model.workspace, filter);
  }

  protected override render(): JSX.Element {
    return (
      <Sidebar
        key={this.generation}
        {...this.given}
        model={this.model}
        environments={this.environments}
        kernels={this.kernels}
        isSeen={this.isSeen}
        chosen={this.chosen}
        choose={chosen => {
          this.chosen = { ...this.chosen, ...chosen };
          this.update();
        }}
        memory={this.memory}
        remember={memory => this.remember(memory)}
        selection={this.selection}
        select={selection => this.choose(selection)}
      />
    );
  }

  protected override onAfterShow(): void {
    this.isSeen = true;
    this.model.start();
    this.environments.start();
    void this.model.refresh();
    void this.environments.refresh();
    this.update();
  }

  protected override onAfterHide(): void {
    this.isSeen = false;
    this.model.stop();
    this.environments.stop();
    this.update();
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=tree]') ?? this.node.querySelector('input');
    place?.focus();
  }

  private choose(selection: Selection): void {
    this.selection = selection;
    this.update();
  }

  private remember(memory: SidebarMemory): void {
    this.memory = memory;
    this.remembered.emit(memory);
    this.update();
  }

  private generation = 0;
  private isSeen = false;
}
