/** The kernels that run, and those in environments, as rows of the sidebar. */

import * as React from 'react';
import { duration, kernelFace, size } from '../../models/common/words';
import type { KernelsModel } from '../../models/compute/kernels';
import { computeOf, LOCAL } from '../../models/compute/tree';
import { EnvironmentCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireKernel, WireKernelSpec } from '../../wire';
import { Button, Trouble } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';

export interface KernelsListProps {
  kernels: KernelsModel;
  filter: string;
  selected: string | null;
  select(id: string): void;
  run: RunCommand;
  leave(): void;
}

export function KernelsList(props: KernelsListProps): JSX.Element {
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

function Running({ kernels, selected, select, run, leave, filter }: KernelsListProps): JSX.Element {
  const trans = useTrans();
  const rows = kernels.running
    .map(one => runningRow(one, computeOf(one, kernels.specs), trans, run))
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

function Specs({ kernels, selected, select, run, leave, filter }: KernelsListProps): JSX.Element {
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

function runningRow(one: WireKernel, target: string, trans: Trans, run: RunCommand): RowItem {
  const { glyph, tone, word } = kernelFace(one.state);
  const facts = [
    one.idle === null ? trans(word).toLowerCase() : trans('idle %1', duration(one.idle)),
    one.cpu === null ? '' : trans('%1 % CPU', Math.round(one.cpu)),
    one.environment ?? one.displayName,
    target === LOCAL ? '' : trans('on %1', target)
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
