/** The data sets of the workspace, as rows of the sidebar. */

import * as React from 'react';
import { moment, size } from '../../models/common/words';
import { datasetCode, datasetsWith } from '../../models/data/datasets';
import type { DatasetList } from '../../models/data/datasets';
import { DataCommands } from '../../tokens';
import type { DragCode, RunCommand, Trans } from '../../tokens';
import type { WireDataset } from '../../wire';
import { Trouble } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Rows } from '../common/Rows';
import type { RowItem } from '../common/Rows';

/** As many rows are drawn; the filter finds the others. */
const MOST_ROWS = 500;

const EXAMPLE = `ds = Dataset.Tabular.from_delimited_files('data.csv')
ds.register(ws, 'patients')`;

export interface DatasetsListProps {
  datasets: DatasetList;
  selected: string | null;
  select(name: string): void;
  run: RunCommand;
  leave(): void;
  drag: DragCode;
}

export function DatasetsList(props: DatasetsListProps & { filter: string }): JSX.Element {
  const { datasets, filter } = props;
  const trans = useTrans();
  const rows = datasets.rows.filter(datasetsWith(filter));
  return (
    <section className="jp-aml-Lists" aria-label={trans('Data sets')}>
      <h3 className="jp-aml-Subheading">{trans('Data sets')}</h3>
      {datasets.problem !== null && (
        <Trouble
          text={datasets.problem}
          label={trans('Try again')}
          mend={() => void datasets.retry()}
        />
      )}
      {rows.length > 0 ? (
        <List {...props} rows={rows.slice(0, MOST_ROWS)} />
      ) : datasets.rows.length > 0 ? (
        <p className="jp-aml-Empty">{trans('No data set is like that.')}</p>
      ) : (
        datasets.hasLoaded && <Invitation />
      )}
      {rows.length > MOST_ROWS && (
        <p className="jp-aml-Note">
          {trans('The first %1 of %2: filter to find others.', MOST_ROWS, rows.length)}
        </p>
      )}
    </section>
  );
}

function Invitation(): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Empty">
      <p>{trans('No data set yet. Drop a file on a datastore below, and register it:')}</p>
      <pre>{EXAMPLE}</pre>
    </div>
  );
}

function List(props: DatasetsListProps & { rows: WireDataset[] }): JSX.Element {
  const { rows, selected, select, run, leave, drag } = props;
  const trans = useTrans();
  return (
    <Rows
      label={trans('Data sets')}
      rows={rows.map(one => rowOf(one, trans))}
      selected={selected}
      select={select}
      open={name => run(DataCommands.open, { name })}
      remove={name => run(DataCommands.remove, { name })}
      drag={(event, name) => {
        const dataset = rows.find(one => one.name === name);
        if (dataset) {
          drag(event, datasetCode(dataset));
        }
      }}
      leave={leave}
    />
  );
}

function rowOf(one: WireDataset, trans: Trans): RowItem {
  const isTable = one.kind === 'tabular';
  const word = isTable ? trans('Tabular') : trans('Files');
  const { files } = one;
  return {
    id: one.name,
    glyph: isTable ? '▤' : '▧',
    tone: 'quiet',
    word,
    state: one.kind,
    name: one.name,
    detail: `:${one.version}`,
    number: files === null ? '' : size(files.size),
    note: [one.source, files === null || files.count === 1 ? '' : filesWord(files.count, trans)]
      .filter(fact => fact)
      .join(' · '),
    tip: [
      `${one.name}:${one.version} · ${word}`,
      one.description,
      one.source,
      trans('Registered %1', moment(one.createdAt))
    ]
      .filter(line => line)
      .join('\n'),
    className: 'jp-aml-DatasetItem'
  };
}

/** `1 file`, `31 files`. */
export function filesWord(count: number, trans: Trans): string {
  return count === 1 ? trans('1 file') : trans('%1 files', count);
}
