import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import type { RunsModel } from '../models/runs';
import { Sidebar } from '../views/Sidebar';
import type { SidebarMemory, SidebarProps } from '../views/Sidebar';
import { flaskIcon } from './icons';

type Given = Pick<SidebarProps, 'workspaces' | 'open' | 'remove' | 'leave' | 'begin' | 'trans'>;

/** The panel at the left; it follows the list only while it is shown. */
export class SidebarPanel extends ReactWidget {
  constructor(
    readonly model: RunsModel,
    private memory: SidebarMemory,
    private readonly given: Given
  ) {
    super();
    this.id = 'jupyter-aml-sidebar';
    this.addClass('jp-aml-Sidebar');
    this.title.icon = flaskIcon;
    this.title.caption = given.trans?.('AML runs') ?? 'AML runs';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
  }

  /** Given when what is to be remembered has changed. */
  readonly remembered = new Signal<this, SidebarMemory>(this);

  /** The run that is selected in the list. */
  selected: string | null = null;

  /** Bring back what was remembered. */
  restore(memory: SidebarMemory): void {
    this.memory = memory;
    this.model.workspace = memory.workspace;
    this.model.filter = memory.filter;
    this.generation += 1;
    this.update();
  }

  protected override render(): JSX.Element {
    return (
      <Sidebar
        key={this.generation}
        {...this.given}
        model={this.model}
        memory={this.memory}
        remember={memory => this.remember(memory)}
        selected={this.selected}
        select={runId => this.choose(runId)}
      />
    );
  }

  protected override onAfterShow(): void {
    this.model.start();
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

  private choose(runId: string): void {
    this.selected = runId;
    this.update();
  }

  private remember(memory: SidebarMemory): void {
    this.memory = memory;
    this.remembered.emit(memory);
    this.update();
  }

  private generation = 0;
}
