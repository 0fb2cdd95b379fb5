import * as React from 'react';
import { duration, kernelFace, size } from '../../models/common/words';
import type { KernelsModel } from '../../models/compute/kernels';
import { EnvironmentCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireKernel, WireKernelSpec } from '../../wire';
import { Button, Trouble } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';
import { Section } from '../common/Section';
import type { RunCommand } from '../environments/EnvironmentsSection';

export interface KernelsSectionProps {
  model: KernelsModel;
  /** Whether the sidebar is in sight, so that it is worth asking. */
  isSeen: boolean;
  isOpen: boolean;
  toggle(): void;
  selected: string | null;
  select(id: string): void;
  run: RunCommand;
  leave(): void;
}

/** The kernels that run, and the kernels that were made of environments. */
export function KernelsSection(props: KernelsSectionProps): JSX.Element {
  const { model, isOpen, isSeen } = props;
  const trans = useTrans();
  useSignal(model.changed, 100);
  React.useEffect(() => (isOpen && isSeen ? model.watch() : undefined), [model, isOpen, isSeen]);
  return (
    <Section
      id="kernels"
      title={trans('Kernels')}
      isOpen={isOpen}
      toggle={props.toggle}
      status={
        isOpen && model.hasLoaded && <span title={trans('running')}>{model.running.length}</span>
      }
    >
      <Content {...props} />
    </Section>
  );
}

function Content({ model, selected, select, run, leave }: KernelsSectionProps): JSX.Element {
  const trans = useTrans();
  if (model.problem) {
    return (
      <Trouble text={model.problem} label={trans('Try again')} mend={() => void model.refresh()} />
    );
  }
  if (!model.hasLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading the kernels')}</p>;
  }
  const list = { selected, select, leave };
  return (
    <>
      {model.running.length > 0 ? (
        <Rows
          {...list}
          label={trans('Running kernels')}
          rows={model.running.map(one => runningRow(one, trans, run))}
          open={kernelId => run(EnvironmentCommands.openKernel, { kernelId })}
          remove={kernelId => run(EnvironmentCommands.shutDown, { kernelId })}
        />
      ) : (
        <p className="jp-aml-Empty">{trans('No kernel is running.')}</p>
      )}
      <h3 className="jp-aml-Subheading">{trans('Made of environments')}</h3>
      {model.specs.length > 0 ? (
        <Rows
          {...list}
          label={trans('Kernels of environments')}
          rows={model.specs.map(one => specRow(one, trans, run))}
          open={spec => begin(spec, run)}
          remove={spec => run(EnvironmentCommands.removeKernel, { spec })}
        />
      ) : (
        <p className="jp-aml-Empty">
          {trans('None yet. "Add as kernel" on an environment puts it into the launcher.')}
        </p>
      )}
    </>
  );
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
