/** The table of compared runs. */

import * as React from 'react';
import { visible } from '../../models/common/visible';
import { numbered } from '../../models/common/words';
import { csvOf } from '../../models/compare/columns';
import type { Group, Trait } from '../../models/compare/columns';
import type { Compared } from '../../models/compare/compared';
import type { Trans } from '../../tokens';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';
import { saveText } from '../common/saving';
import { Swatch } from './Swatch';

const MOST_SHOWN = 300;
const ORDER: Group[] = ['run', 'parameter', 'metric', 'tag', 'fact'];

/** A column for each run, and a row for whatever they can be compared by. */
export function CompareTable({ compared }: { compared: Compared }): JSX.Element {
  const trans = useTrans();
  const [onlyDifferences, setOnly] = React.useState(false);
  const { runs, strokes } = compared;
  const traits = compared.traits.filter(one => one.differs || !onlyDifferences);
  const groups = ORDER.map(group => ({
    group,
    rows: traits.filter(one => one.group === group)
  })).filter(({ rows }) => rows.length > 0);
  return (
    <div className="jp-aml-Compare-pane">
      <div className="jp-aml-Bar" role="toolbar" aria-label={trans('Table')}>
        <label className="jp-aml-Switch">
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={event => setOnly(event.target.checked)}
          />
          {trans('Only differences')}
        </label>
        <span className="jp-aml-Bar-gap" />
        <Button
          title={trans('Save the table as CSV, a row for each run')}
          onClick={() => saveText(csvOf(runs, traits), 'comparison.csv', 'text/csv')}
        >
          CSV
        </Button>
      </div>
      <div
        className="jp-aml-Compare-scroll"
        tabIndex={0}
        role="region"
        aria-label={trans('Table of the runs')}
      >
        <table className="jp-aml-Compare-table">
          <thead>
            <tr>
              <td />
              {runs.map(run => (
                <th key={run.runId} scope="col" title={run.runId}>
                  <Swatch stroke={strokes.get(run.runId)} />
                  {numbered(run)}
                </th>
              ))}
            </tr>
          </thead>
          {groups.map(({ group, rows }) => (
            <Rows key={group} name={groupName(group, trans)} rows={rows} width={runs.length} />
          ))}
        </table>
        {groups.length === 0 && <p className="jp-aml-Empty">{trans('These runs are the same.')}</p>}
      </div>
    </div>
  );
}

function Rows({ name, rows, width }: { name: string; rows: Trait[]; width: number }): JSX.Element {
  const trans = useTrans();
  const [isWhole, setWhole] = React.useState(false);
  const shown = isWhole ? rows : rows.slice(0, MOST_SHOWN);
  return (
    <tbody>
      <tr className="jp-aml-Compare-group">
        <th scope="rowgroup">{name}</th>
        <td colSpan={width} />
      </tr>
      {shown.map(row => (
        <tr key={row.key} className={row.differs ? 'jp-mod-differs' : undefined}>
          <th scope="row" title={row.name}>
            <span
              className="jp-aml-Compare-mark"
              title={row.differs ? trans('differs') : undefined}
            >
              {row.differs ? '≠' : ''}
            </span>
            {visible(row.name).slice(0, 200)}
          </th>
          {row.texts.map((text, i) => (
            <td
              key={i}
              className={typeof row.values[i] === 'number' ? 'jp-mod-number' : undefined}
              title={text.slice(0, 1_000)}
            >
              {text === '' ? '–' : visible(text.slice(0, 300))}
            </td>
          ))}
        </tr>
      ))}
      {shown.length < rows.length && (
        <tr>
          <th scope="row">
            <Button onClick={() => setWhole(true)}>
              {trans('%1 more', rows.length - shown.length)}
            </Button>
          </th>
          <td colSpan={width} />
        </tr>
      )}
    </tbody>
  );
}

function groupName(group: Group, trans: Trans): string {
  return {
    run: trans('Run'),
    parameter: trans('Parameters'),
    metric: trans('Metrics'),
    tag: trans('Tags'),
    fact: trans('Source and machine')
  }[group];
}
