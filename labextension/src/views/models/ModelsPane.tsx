/** The models of the workspace: what the sidebar shows of them. */

import * as React from 'react';
import { ago, moment, size } from '../../models/common/words';
import { modelCode, modelsWith } from '../../models/models/models';
import type { ModelList } from '../../models/models/models';
import { ModelCommands } from '../../tokens';
import type { DragCode, RunCommand, Trans } from '../../tokens';
import type { WireModel } from '../../wire';
import { Trouble } from '../common/Control';
import { Filter, NoneLikeThat } from '../common/Filter';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Absent } from '../common/PageFrame';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';

/** As many rows are drawn; the filter finds the others. */
const MOST_ROWS = 500;

const EXAMPLE = `run.register_model('diabetes', 'outputs/model.pkl')`;

export interface ModelsPaneProps {
  model: ModelList;
  selected: string | null;
  select(name: string): void;
  run: RunCommand;
  leave(): void;
  drag: DragCode;
  trans: Trans;
}

export function ModelsPane(props: ModelsPaneProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Models {...props} />
    </TransContext.Provider>
  );
}

function Models(props: ModelsPaneProps): JSX.Element {
  const { model } = props;
  const trans = useTrans();
  useSignal(model.changed, 100);
  const [filter, setFilter] = React.useState('');
  return (
    <>
      <Filter
        label={trans('Filter the models')}
        text={filter}
        change={setFilter}
        total={model.hasLoaded ? model.rows.length : null}
      />
      <div className="jp-aml-Lists">
        <Content {...props} filter={filter} clear={() => setFilter('')} />
      </div>
    </>
  );
}

interface ContentProps extends ModelsPaneProps {
  filter: string;
  clear(): void;
}

function Content(props: ContentProps): JSX.Element {
  const { model, filter, clear } = props;
  const trans = useTrans();
  if (!model.hasLoaded || (model.problem && model.rows.length === 0)) {
    return <Absent model={model} loading={trans('Loading the models')} trans={trans} />;
  }
  if (model.rows.length === 0) {
    return <Invitation />;
  }
  const rows = model.rows.filter(modelsWith(filter));
  if (rows.length === 0) {
    return <NoneLikeThat words={trans('No model is like that.')} clear={clear} />;
  }
  return (
    <>
      {model.problem && (
        <Trouble text={model.problem} label={trans('Try again')} mend={() => void model.retry()} />
      )}
      <List {...props} rows={rows.slice(0, MOST_ROWS)} />
      {rows.length > MOST_ROWS && (
        <p className="jp-aml-Note">
          {trans('The newest %1 of %2: filter to find others.', MOST_ROWS, rows.length)}
        </p>
      )}
    </>
  );
}

function Invitation(): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Empty">
      <p>{trans('No model yet. Register a file that a run has left:')}</p>
      <pre>{EXAMPLE}</pre>
    </div>
  );
}

function List(props: ModelsPaneProps & { rows: WireModel[] }): JSX.Element {
  const { rows, selected, select, run, leave, drag } = props;
  const trans = useTrans();
  const now = Date.now();
  return (
    <Rows
      label={trans('Models')}
      rows={rows.map(one => rowOf(one, now, trans))}
      selected={selected}
      select={select}
      open={name => run(ModelCommands.open, { name })}
      remove={name => run(ModelCommands.remove, { name })}
      drag={(event, name) => {
        const model = rows.find(one => one.name === name);
        if (model) {
          drag(event, modelCode(model));
        }
      }}
      leave={leave}
    />
  );
}

function rowOf(one: WireModel, now: number, trans: Trans): RowItem {
  const isNamed = one.aliases.length > 0;
  const facts = [one.aliases.join(', '), one.framework ?? '', ago(one.createdAt, now, trans)];
  return {
    id: one.name,
    glyph: isNamed ? '◆' : '◇',
    tone: isNamed ? 'good' : 'quiet',
    word: isNamed ? trans('Registered, with an alias') : trans('Registered'),
    state: isNamed ? 'aliased' : 'registered',
    name: one.name,
    detail: `:${one.version}`,
    number: size(one.size),
    note: facts.filter(fact => fact).join(' · '),
    tip: [
      `${one.name}:${one.version}`,
      one.description,
      trans('Registered %1', moment(one.createdAt))
    ]
      .filter(line => line)
      .join('\n'),
    className: 'jp-aml-ModelItem'
  };
}
