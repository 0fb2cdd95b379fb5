import * as React from 'react';
import { size, stateFace } from '../../models/common/words';
import type { EnvironmentsModel } from '../../models/environments/environments';
import { EnvironmentCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireEnvironment } from '../../wire';
import { Button, Trouble } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';
import { Section } from '../common/Section';

/** Starts a command of the application. */
export type RunCommand = (command: string, args?: Record<string, string>) => void;

export interface EnvironmentsSectionProps {
  model: EnvironmentsModel;
  isOpen: boolean;
  toggle(): void;
  selected: string | null;
  select(name: string): void;
  run: RunCommand;
  leave(): void;
}

/** The environments of the workspace: how they stand, and what can be done with them. */
export function EnvironmentsSection(props: EnvironmentsSectionProps): JSX.Element {
  const { model, run } = props;
  const trans = useTrans();
  useSignal(model.changed, 100);
  const building = model.rows.filter(row => row.state === 'building').length;
  return (
    <Section
      id="environments"
      title={trans('Environments')}
      isOpen={props.isOpen}
      toggle={props.toggle}
      status={
        <>
          {building > 0 && <span title={trans('building')}>{building} ⟳ </span>}
          <span title={trans('in all')}>{model.hasLoaded ? model.rows.length : ''}</span>
        </>
      }
      actions={
        <Button
          className="jp-mod-small"
          title={trans('New environment')}
          aria-label={trans('New environment')}
          onClick={() => run(EnvironmentCommands.create)}
        >
          +
        </Button>
      }
    >
      <Content {...props} />
    </Section>
  );
}

function Content({ model, selected, select, run, leave }: EnvironmentsSectionProps): JSX.Element {
  const trans = useTrans();
  if (model.problem && model.rows.length === 0) {
    return (
      <Trouble text={model.problem} label={trans('Try again')} mend={() => void model.retry()} />
    );
  }
  if (!model.hasLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading the environments')}</p>;
  }
  if (model.rows.length === 0) {
    return (
      <div className="jp-aml-Empty">
        <p>{trans('No environment yet. Name the packages that your runs need:')}</p>
        <Button onClick={() => run(EnvironmentCommands.create)}>{trans('New environment')}</Button>
      </div>
    );
  }
  return (
    <Rows
      label={trans('Environments')}
      rows={model.rows.map(one => rowOf(one, trans, run))}
      selected={selected}
      select={select}
      open={name => run(EnvironmentCommands.open, { name })}
      remove={name => run(EnvironmentCommands.remove, { name })}
      leave={leave}
    />
  );
}

function rowOf(one: WireEnvironment, trans: Trans, run: RunCommand): RowItem {
  const { glyph, tone, word } = stateFace(one.state);
  const isStory = one.reason && (one.state === 'building' || one.state === 'failed');
  const facts = [
    one.kind,
    one.curated ? trans('curated') : '',
    one.state === 'ready' ? '' : trans(word).toLowerCase(),
    usedBy(one, trans)
  ];
  const canBuild = one.state === 'not built' || one.state === 'failed';
  return {
    id: one.name,
    glyph,
    tone,
    word: trans(word),
    state: one.state,
    name: one.name,
    detail: `:${one.version}`,
    number: one.size === null ? '' : size(one.size),
    note: isStory ? one.reason! : facts.filter(fact => fact).join(' · '),
    isBad: one.state === 'failed',
    tip: [`${one.name}:${one.version} · ${trans(word)}`, one.reason ?? '', ...one.warnings]
      .filter(line => line)
      .join('\n'),
    className: one.curated ? 'jp-aml-EnvironmentItem' : 'jp-aml-EnvironmentItem jp-mod-own',
    actions: canBuild ? (
      <Button
        className="jp-mod-small"
        tabIndex={-1}
        aria-label={trans('Build %1', one.name)}
        onClick={() => run(EnvironmentCommands.build, { name: one.name })}
      >
        {trans('Build')}
      </Button>
    ) : one.state === 'ready' ? (
      <Button
        className="jp-mod-small"
        tabIndex={-1}
        title={trans('Make it a kernel for notebooks')}
        aria-label={trans('Add %1 as kernel', one.name)}
        onClick={() => run(EnvironmentCommands.addKernel, { name: one.name })}
      >
        {trans('Add as kernel')}
      </Button>
    ) : undefined
  };
}

/** `3 runs`, or nothing. */
export function usedBy({ runs }: WireEnvironment, trans: Trans): string {
  return runs === 0 ? '' : runs === 1 ? trans('1 run') : trans('%1 runs', runs);
}
