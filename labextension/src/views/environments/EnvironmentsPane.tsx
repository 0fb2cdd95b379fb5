/** The environments of the workspace: what the sidebar shows of them. */

import * as React from 'react';
import { size, stateFace } from '../../models/common/words';
import { environmentCode, matches } from '../../models/environments/environments';
import type { EnvironmentsModel } from '../../models/environments/environments';
import { EnvironmentCommands } from '../../tokens';
import type { DragCode, RunCommand, Trans } from '../../tokens';
import type { WireEnvironment } from '../../wire';
import { Button } from '../common/Control';
import { Filter, NoneLikeThat } from '../common/Filter';
import { Fold } from '../common/Fold';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Absent } from '../common/PageFrame';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';

/** What is remembered of the list when the page is left. */
export interface EnvironmentsMemory {
  /** Whether those that come with the server are shown. */
  isCuratedOpen: boolean;
}

export interface EnvironmentsPaneProps {
  model: EnvironmentsModel;
  memory: EnvironmentsMemory;
  remember(change: Partial<EnvironmentsMemory>): void;
  selected: string | null;
  select(name: string): void;
  run: RunCommand;
  leave(): void;
  drag: DragCode;
  trans: Trans;
}

export function EnvironmentsPane(props: EnvironmentsPaneProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Environments {...props} />
    </TransContext.Provider>
  );
}

function Environments(props: EnvironmentsPaneProps): JSX.Element {
  const { model, run } = props;
  const trans = useTrans();
  useSignal(model.changed, 100);
  const [filter, setFilter] = React.useState('');
  return (
    <>
      <Filter
        label={trans('Filter the environments')}
        text={filter}
        change={setFilter}
        total={model.hasLoaded ? model.rows.length : null}
      >
        <Button
          className="jp-mod-small"
          title={trans('New environment')}
          aria-label={trans('New environment')}
          onClick={() => run(EnvironmentCommands.create)}
        >
          +
        </Button>
      </Filter>
      <div className="jp-aml-Lists">
        <Content {...props} filter={filter} clear={() => setFilter('')} />
      </div>
    </>
  );
}

interface ContentProps extends EnvironmentsPaneProps {
  filter: string;
  clear(): void;
}

function Content(props: ContentProps): JSX.Element {
  const { model, filter, clear } = props;
  const trans = useTrans();
  if (!model.hasLoaded || (model.problem && model.rows.length === 0)) {
    return <Absent model={model} loading={trans('Loading the environments')} trans={trans} />;
  }
  const rows = model.rows.filter(one => matches(one, filter));
  if (rows.length === 0 && filter !== '') {
    return <NoneLikeThat words={trans('No environment is like that.')} clear={clear} />;
  }
  return <Lists {...props} rows={rows} />;
}

function Lists(props: ContentProps & { rows: WireEnvironment[] }): JSX.Element {
  const { rows, filter, memory, remember } = props;
  const trans = useTrans();
  const own = rows.filter(one => !one.curated);
  const curated = rows.filter(one => one.curated);
  return (
    <>
      {own.length > 0 ? (
        <List {...props} label={trans('Environments')} rows={own} />
      ) : (
        filter === '' && <Invitation {...props} />
      )}
      {curated.length > 0 && (
        <Fold
          title={trans('Curated')}
          count={curated.length}
          isOpen={memory.isCuratedOpen || filter !== ''}
          toggle={() => remember({ isCuratedOpen: !memory.isCuratedOpen })}
        >
          <List {...props} label={trans('Curated environments')} rows={curated} />
        </Fold>
      )}
    </>
  );
}

function Invitation({ run }: EnvironmentsPaneProps): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Empty">
      <p>{trans('No environment of yours yet. Name the packages that your runs need:')}</p>
      <Button onClick={() => run(EnvironmentCommands.create)}>{trans('New environment')}</Button>
    </div>
  );
}

interface ListProps extends EnvironmentsPaneProps {
  label: string;
  rows: WireEnvironment[];
}

function List({ label, rows, selected, select, run, leave, drag }: ListProps): JSX.Element {
  const trans = useTrans();
  return (
    <Rows
      label={label}
      rows={rows.map(one => rowOf(one, trans, run))}
      selected={selected}
      select={select}
      open={name => run(EnvironmentCommands.open, { name })}
      remove={name => run(EnvironmentCommands.remove, { name })}
      drag={(event, name) => {
        const environment = rows.find(one => one.name === name);
        if (environment) {
          drag(event, environmentCode(environment));
        }
      }}
      leave={leave}
    />
  );
}

function rowOf(one: WireEnvironment, trans: Trans, run: RunCommand): RowItem {
  const { glyph, tone, word } = stateFace(one.state);
  const isStory = one.reason && (one.state === 'building' || one.state === 'failed');
  const facts = [
    one.kind,
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
