/** The environments in the sidebar; they are followed while the sidebar is in sight. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { EnvironmentsModel } from '../../models/environments/environments';
import type { ISidebar } from '../../tokens';
import { EnvironmentsPane } from '../../views/environments/EnvironmentsPane';
import type {
  EnvironmentsMemory,
  EnvironmentsPaneProps
} from '../../views/environments/EnvironmentsPane';
import type { Memory } from '../common/memory';

type Given = Pick<EnvironmentsPaneProps, 'run' | 'leave' | 'drag' | 'trans'>;

export class EnvironmentsPanel extends ReactWidget {
  constructor(
    readonly model: EnvironmentsModel,
    private readonly sidebar: ISidebar,
    private readonly memory: Memory<EnvironmentsMemory>,
    private readonly given: Given
  ) {
    super();
    sidebar.changed.subscribe(() => this.follow());
    void memory.recall().then(() => this.update());
  }

  /** The environment that is selected in the list. */
  selected: string | null = null;

  protected override render(): JSX.Element {
    return (
      <EnvironmentsPane
        {...this.given}
        model={this.model}
        memory={this.memory.value}
        remember={change => {
          this.memory.keep(change);
          this.update();
        }}
        selected={this.selected}
        select={name => {
          this.selected = name;
          this.update();
        }}
      />
    );
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=listbox]') ?? this.node.querySelector('input');
    place?.focus();
  }

  /** Its tab says how many are being built, so it is not enough to look while the tab is chosen. */
  private follow(): void {
    const { model, sidebar } = this;
    const isOther = model.aim(sidebar.workspace);
    if (!sidebar.isSeen) {
      model.stop();
    } else if (!this.wasSeen || isOther) {
      model.start();
      void model.refresh();
    }
    this.wasSeen = sidebar.isSeen;
  }

  private wasSeen = false;
}
