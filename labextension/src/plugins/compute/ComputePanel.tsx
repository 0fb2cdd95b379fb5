/** Targets and kernels in the sidebar; they are followed while they are in sight. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { KernelsModel } from '../../models/compute/kernels';
import type { TargetList } from '../../models/compute/targets';
import type { ActiveRuns } from '../../models/runs/active';
import type { ISidebar } from '../../tokens';
import { ComputePane } from '../../views/compute/ComputePane';
import type { ComputeMemory, ComputePaneProps } from '../../views/compute/ComputePane';
import { followed } from '../common/followed';
import type { Memory } from '../common/memory';

type Given = Pick<ComputePaneProps, 'run' | 'leave' | 'drag' | 'trans'>;

export class ComputePanel extends ReactWidget {
  constructor(
    readonly targets: TargetList,
    readonly kernels: KernelsModel,
    private readonly active: ActiveRuns,
    sidebar: ISidebar,
    private readonly memory: Memory<ComputeMemory>,
    private readonly given: Given
  ) {
    super();
    this.follow = followed(targets, sidebar, () => this.isVisible);
    active.changed.subscribe(() => targets.stir());
    void memory.recall().then(() => this.update());
  }

  /** The kernel or kernelspec that is selected. */
  selected: string | null = null;
  /** The name of the target that is chosen. */
  target: string | null = null;

  protected override render(): JSX.Element {
    const { memory, targets, kernels, active } = this;
    return (
      <ComputePane
        {...this.given}
        targets={targets}
        kernels={kernels}
        active={active}
        memory={memory.value}
        remember={change => {
          memory.keep(change);
          this.update();
        }}
        selected={this.selected}
        select={id => {
          this.selected = id;
          this.update();
        }}
        chosen={this.row}
        choose={(row, target) => {
          [this.row, this.target] = [row, target];
          this.update();
        }}
      />
    );
  }

  protected override onAfterShow(): void {
    this.leave();
    this.leave = this.kernels.watch();
    this.follow();
  }

  protected override onAfterHide(): void {
    this.leave();
    this.leave = () => {};
    this.follow();
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=tree], [role=listbox]') ??
      this.node.querySelector('input');
    place?.focus();
  }

  private row: string | null = null;
  private leave = (): void => {};
  private readonly follow: () => void;
}
