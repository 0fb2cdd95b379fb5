/** Where runs and kernels are: what the sidebar shows of it. */

import * as React from 'react';
import { duration, kernelFace, size } from '../../models/common/words';
import type { KernelsModel } from '../../models/compute/kernels';
import type { TargetsModel } from '../../models/compute/targets';
import { EnvironmentCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireCompute, WireKernel, WireKernelSpec } from '../../wire';
import { Trouble, Button } from '../common/Control';
import { Filter } from '../common/Filter';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';
import { Split } from '../common/Split';

/** What is remembered of the panel when the page is left. */
export interface ComputeMemory {
  /** The part of the height that the targets have. */
  share: number;
}

export interface ComputePaneProps {
  targets: TargetsModel;
  kernels: KernelsModel;
  memory: ComputeMemory;
  remember(change: Partial<ComputeMemory>): void;
  selected: string | null;
  select(id: string): void;
  run: RunCommand;
  leave(): void;
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
  const { targets, kernels, memory, remember } = props;
  const trans = useTrans();
  useSignal(targets.changed, 100);
  useSignal(kernels.changed, 100);
  const [filter, setFilter] = React.useState('');
  const total = targets.targets.length + kernels.running.length + kernels.specs.length;
  return (
    <>
      <Filter
        label={trans('Filter targets and kernels')}
        text={filter}
        change={setFilter}
        total={targets.hasLoaded && kernels.hasLoaded ? total : null}
      />
      <Split
        label={trans('Height of the targets')}
        share={memory.share}
        move={share => remember({ share })}
        upper={<Targets {...props} filter={filter} />}
        lower={<Kernels {...props} filter={filter} />}
      />
    </>
  );
}

type PartProps = ComputePaneProps & { filter: string };

function Targets({ targets, selected, select, leave, filter }: PartProps): JSX.Element {
  const trans = useTrans();
  const rows = targets.targets.map(one => targetRow(one, trans)).filter(row => has(row, filter));
  return (
    <section className="jp-aml-Lists" aria-label={trans('Targets')}>
      <h3 className="jp-aml-Subheading">{trans('Targets')}</h3>
      {targets.problem !== null && (
        <Trouble
          text={targets.problem}
          label={trans('Try again')}
          mend={() => void targets.refresh()}
        />
      )}
      {rows.length > 0 ? (
        <Rows
          label={trans('Compute targets')}
          rows={rows}
          selected={selected}
          select={select}
          leave={leave}
        />
      ) : (
        targets.hasLoaded && <p className="jp-aml-Empty">{trans('No target is like that.')}</p>
      )}
    </section>
  );
}

function targetRow({ name, type, slots, busy, waiting }: WireCompute, trans: Trans): RowItem {
  const isBusy = busy > 0;
  const word = isBusy ? trans('Busy') : trans('Idle');
  return {
    id: `target-${name}`,
    glyph: isBusy ? '●' : '○',
    tone: isBusy ? 'active' : 'quiet',
    word,
    state: isBusy ? 'busy' : 'idle',
    name,
    number: trans('%1 of %2', busy, slots),
    note: [type, waiting > 0 ? trans('%1 waiting', waiting) : ''].filter(fact => fact).join(' · '),
    tip: trans('%1 of %2 places are taken, %3 runs wait', busy, slots, waiting),
    className: 'jp-aml-TargetItem'
  };
}

function Kernels(props: PartProps): JSX.Element {
  const { kernels: model } = props;
  const trans = useTrans();
  return (
    <section className="jp-aml-Lists" aria-label={trans('Kernels')}>
      <h3 className="jp-aml-Subheading">{trans('Kernels')}</h3>
      {model.problem !== null && (
        <Trouble
          text={model.problem}
          label={trans('Try again')}
          mend={() => void model.refresh()}
        />
      )}
      {model.hasLoaded ? (
        <>
          <Running {...props} />
          <h3 className="jp-aml-Subheading">{trans('Made of environments')}</h3>
          <Specs {...props} />
        </>
      ) : (
        model.problem === null && <p className="jp-aml-Empty">{trans('Loading the kernels')}</p>
      )}
    </section>
  );
}

function Running({ kernels, selected, select, run, leave, filter }: PartProps): JSX.Element {
  const trans = useTrans();
  const rows = kernels.running
    .map(one => runningRow(one, trans, run))
    .filter(row => has(row, filter));
  if (rows.length === 0) {
    const none = kernels.running.length
      ? trans('No kernel is like that.')
      : trans('No kernel is running.');
    return <p className="jp-aml-Empty">{none}</p>;
  }
  return (
    <Rows
      label={trans('Running kernels')}
      rows={rows}
      selected={selected}
      select={select}
      open={kernelId => run(EnvironmentCommands.openKernel, { kernelId })}
      remove={kernelId => run(EnvironmentCommands.shutDown, { kernelId })}
      leave={leave}
    />
  );
}

function Specs({ kernels, selected, select, run, leave, filter }: PartProps): JSX.Element {
  const trans = useTrans();
  const rows = kernels.specs.map(one => specRow(one, trans, run)).filter(row => has(row, filter));
  if (rows.length === 0) {
    const none = kernels.specs.length
      ? trans('No kernel is like that.')
      : trans('None yet. "Add as kernel" on an environment puts it into the launcher.');
    return <p className="jp-aml-Empty">{none}</p>;
  }
  return (
    <Rows
      label={trans('Kernels of environments')}
      rows={rows}
      selected={selected}
      select={select}
      open={spec => begin(spec, run)}
      remove={spec => run(EnvironmentCommands.removeKernel, { spec })}
      leave={leave}
    />
  );
}

/** Whether all these words stand in what the row says. */
function has({ name, note, word }: RowItem, filter: string): boolean {
  const text = `${name} ${note} ${word}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(one => text.includes(one));
}

function begin(spec: string, run: RunCommand): void {
  run('notebook:create-new', { kernelName: spec });
}

function runningRow(one: WireKernel, trans: Trans, run: RunCommand): RowItem {
  const { glyph, tone, word } = kernelFace(one.state);
  const facts = [
    one.idle === null ? trans(word).toLowerCase() : trans('idle %1', duration(one.idle)),
    one.cpu === null ? '' : trans('%1 % CPU', Math.round(one.cpu)),
    one.environment ?? one.displayName
  ];
  return {
    id: one.kernelId,
    glyph,
    tone,
    word: trans(word),
    state: one.state,
    name: one.notebook?.split('/').at(-1) ?? one.displayName,
    number: one.memory === null ? '' : size(one.memory),
    note: facts.filter(fact => fact).join(' · '),
    tip: [one.notebook ?? '', one.displayName, trans('process %1', one.pid ?? '–')]
      .filter(line => line)
      .join('\n'),
    className: 'jp-aml-KernelItem',
    actions: (
      <Button
        className="jp-mod-small"
        tabIndex={-1}
        title={trans('Shut down')}
        aria-label={trans('Shut down %1', one.notebook ?? one.displayName)}
        onClick={() => run(EnvironmentCommands.shutDown, { kernelId: one.kernelId })}
      >
        ✕
      </Button>
    )
  };
}

function specRow(one: WireKernelSpec, trans: Trans, run: RunCommand): RowItem {
  const environment = one.version ? `${one.environment}:${one.version}` : one.environment;
  return {
    id: one.spec,
    glyph: '◇',
    tone: 'quiet',
    word: trans('Kernel'),
    state: 'spec',
    name: one.displayName,
    note: [environment, one.compute].filter(fact => fact).join(' · '),
    tip: one.spec,
    className: 'jp-aml-KernelSpecItem',
    actions: (
      <Button
        className="jp-mod-small"
        tabIndex={-1}
        title={trans('New notebook with this kernel')}
        aria-label={trans('New notebook with %1', one.displayName)}
        onClick={() => begin(one.spec, run)}
      >
        {trans('New notebook')}
      </Button>
    )
  };
}
