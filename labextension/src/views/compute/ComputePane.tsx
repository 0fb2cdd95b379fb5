/** Where runs and kernels are: what the sidebar shows of it. */

import * as React from 'react';
import type { KernelsModel } from '../../models/compute/kernels';
import type { TargetList } from '../../models/compute/targets';
import type { ActiveRuns } from '../../models/runs/active';
import { ComputeCommands } from '../../tokens';
import type { DragCode, RunCommand, Trans } from '../../tokens';
import { Button } from '../common/Control';
import { Filter } from '../common/Filter';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Split } from '../common/Split';
import { KernelsList } from './KernelsList';
import { TargetsTree } from './TargetsTree';

/** What is remembered of the panel when the page is left. */
export interface ComputeMemory {
  /** The part of the height that the targets have. */
  share: number;
  /** The names of the targets that are open. */
  open: string[];
}

export interface ComputePaneProps {
  targets: TargetList;
  kernels: KernelsModel;
  /** The runs of the workspace that go on. */
  active: ActiveRuns;
  memory: ComputeMemory;
  remember(change: Partial<ComputeMemory>): void;
  /** The kernel or kernelspec that is selected. */
  selected: string | null;
  select(id: string): void;
  /** The row of the tree that is chosen, and the target that it belongs to. */
  chosen: string | null;
  choose(row: string, target: string): void;
  run: RunCommand;
  leave(): void;
  drag: DragCode;
  trans: Trans;
}

export function ComputePane(props: ComputePaneProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Compute {...props} />
    </TransContext.Provider>
  );
}

function Compute(props: ComputePaneProps): JSX.Element {
  const { targets, kernels, memory, remember, run } = props;
  const trans = useTrans();
  useSignal(targets.changed, 100);
  useSignal(kernels.changed, 100);
  const [filter, setFilter] = React.useState('');
  const total = targets.rows.length + kernels.running.length + kernels.specs.length;
  return (
    <>
      <Filter
        label={trans('Filter targets and kernels')}
        text={filter}
        change={setFilter}
        total={targets.hasLoaded && kernels.hasLoaded ? total : null}
      >
        <Button
          className="jp-mod-small"
          title={trans('New compute target')}
          aria-label={trans('New compute target')}
          onClick={() => run(ComputeCommands.create)}
        >
          +
        </Button>
      </Filter>
      <Split
        label={trans('Height of the targets')}
        share={memory.share}
        move={share => remember({ share })}
        upper={<TargetsTree {...props} filter={filter} />}
        lower={<KernelsList {...props} filter={filter} />}
      />
    </>
  );
}
