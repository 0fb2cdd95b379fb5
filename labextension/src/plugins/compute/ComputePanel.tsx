/** Targets and kernels in the sidebar; they are asked for only while they are shown. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { KernelsModel } from '../../models/compute/kernels';
import type { TargetsModel } from '../../models/compute/targets';
import { ComputePane } from '../../views/compute/ComputePane';
import type { ComputeMemory, ComputePaneProps } from '../../views/compute/ComputePane';
import type { Memory } from '../common/memory';

type Given = Pick<ComputePaneProps, 'run' | 'leave' | 'trans'>;

export class ComputePanel extends ReactWidget {
  constructor(
    readonly targets: TargetsModel,
    readonly kernels: KernelsModel,
    private readonly memory: Memory<ComputeMemory>,
    private readonly given: Given
  ) {
    super();
    void memory.recall().then(() => this.update());
  }

  /** The target, kernel or kernelspec that is selected. */
  selected: string | null = null;

  protected override render(): JSX.Element {
    return (
      <ComputePane
        {...this.given}
        targets={this.targets}
        kernels={this.kernels}
        memory={this.memory.value}
        remember={change => {
          this.memory.keep(change);
          this.update();
        }}
        selected={this.selected}
        select={id => {
          this.selected = id;
          this.update();
        }}
      />
    );
  }

  protected override onAfterShow(): void {
    this.leave();
    const ends = [this.targets.watch(), this.kernels.watch()];
    this.leave = () => ends.forEach(end => end());
  }

  protected override onAfterHide(): void {
    this.leave();
    this.leave = () => {};
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=listbox]') ?? this.node.querySelector('input');
    place?.focus();
  }

  private leave = (): void => {};
}
