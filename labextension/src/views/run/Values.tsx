/** What a run logged that is not a curve of numbers. */

import * as React from 'react';
import { axesOf, cellText, numericColumns, tableOfValues } from '../../models/common/table';
import { isFinite, measure } from '../../models/common/numbers';
import type { Table } from '../../models/common/table';
import type { WireValue } from '../../wire';
import { Plot } from '../charts/Plot';
import type { Drawing } from '../charts/Plot';
import { Button } from '../common/Control';
import { Grid } from '../common/Grid';
import { useTrans } from '../common/hooks';
import { later } from '../common/later';

const MOST_SHOWN = 200;
const MOST_CURVES = 7;
const SHAPES = new Set(['confusion_matrix', 'accuracy_table', 'predictions', 'residuals']);

const Shape = later(async () => (await import('../charts/Shapes')).Shape);

interface ValuesProps {
  name: string;
  values: WireValue[];
}

/** What was logged under one name and is not a number: a picture or a table wherever it can be. */
export function Values({ name, values }: ValuesProps): JSX.Element | null {
  const shown = values.filter(one => one.kind !== 'image');
  if (shown.length === 0) {
    return null;
  }
  return (
    <section className="jp-aml-Values">
      <h4>{name}</h4>
      <Content name={name} values={shown} />
    </section>
  );
}

function Content({ name, values }: ValuesProps): JSX.Element {
  const table = React.useMemo(() => tableOfValues(values), [values]);
  const last = values.at(-1)!;
  if (SHAPES.has(last.kind)) {
    return <Shape name={name} values={values.filter(one => one.kind === last.kind)} />;
  }
  return table && table.columns.length > 0 ? (
    <TableValues name={name} table={table} />
  ) : (
    <Plain values={values} />
  );
}

/** A table, and its columns of numbers as curves. */
function TableValues({ name, table }: { name: string; table: Table }): JSX.Element {
  const trans = useTrans();
  const numeric = React.useMemo(() => numericColumns(table), [table]);
  // A table with words is there to be read; its rows are no steps of a curve.
  const [isDrawn, setDrawn] = React.useState(numeric.length === table.columns.length);
  const canDraw = numeric.length > 0 && table.rows.length > 1;
  return (
    <>
      {canDraw && (
        <div className="jp-aml-Values-bar">
          <Button
            className="jp-mod-small"
            aria-pressed={isDrawn}
            onClick={() => setDrawn(!isDrawn)}
          >
            {trans('Curves')}
          </Button>
        </div>
      )}
      {canDraw && isDrawn && <Curves name={name} table={table} columns={numeric} />}
      <Grid table={table} label={trans('Table of %1', name)} />
    </>
  );
}

interface CurvesProps {
  name: string;
  table: Table;
  columns: number[];
}

/** Columns over one of them, or over the numbers of the rows. */
function Curves({ name, table, columns }: CurvesProps): JSX.Element {
  const trans = useTrans();
  const [over, setOver] = React.useState<number | null>(() => axisOf(table, columns));
  const drawings = React.useMemo(() => {
    const drawable = columns.filter(column => column !== over).slice(0, MOST_CURVES);
    return axesOf(table, drawable).map(group => drawn(table, group, over));
  }, [table, columns, over]);
  return (
    <>
      {columns.length > 1 && (
        <label className="jp-aml-Switch">
          {trans('Over')}
          <select
            aria-label={trans('What %1 is drawn over', name)}
            value={over ?? ''}
            onChange={event =>
              setOver(event.target.value === '' ? null : Number(event.target.value))
            }
          >
            <option value="">{trans('row')}</option>
            {columns.map(column => (
              <option key={column} value={column}>
                {table.columns[column]}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="jp-aml-Values-plots">
        {drawings.map((drawing, i) => {
          const names = drawing.curves.map(curve => curve.label).join(', ');
          return (
            <div className="jp-aml-Values-plot" key={names}>
              <Plot
                name={drawings.length > 1 ? names : name}
                label={
                  i === 0
                    ? trans('%1: %2 rows', name, table.rows.length)
                    : trans('%1, %2: %3 rows', name, names, table.rows.length)
                }
                drawing={drawing}
                xName={over === null ? trans('row') : table.columns[over]}
              />
            </div>
          );
        })}
      </div>
    </>
  );
}

/** The first column, where it ascends: most likely it counts what the others were measured at. */
function axisOf({ rows }: Table, columns: number[]): number | null {
  const ascends = rows.every((row, i) => i === 0 || Number(rows[i - 1][0]) < Number(row[0]));
  return columns.length > 1 && columns[0] === 0 && ascends ? 0 : null;
}

function drawn(table: Table, columns: number[], over: number | null): Drawing {
  const value = (row: number, column: number): number | null => {
    return measure(table.rows[row][column]);
  };
  let rows = table.rows.map((_, i) => i);
  if (over !== null) {
    rows = rows.filter(row => isFinite(value(row, over)));
    rows.sort((one, other) => value(one, over)! - value(other, over)! || one - other);
  }
  return {
    x: rows.map(row => (over === null ? row : value(row, over)!)),
    curves: columns.map(column => ({
      label: table.columns[column],
      y: rows.map(row => value(row, column))
    }))
  };
}

/** Words and lists. */
function Plain({ values }: { values: WireValue[] }): JSX.Element {
  const trans = useTrans();
  return (
    <>
      {values.slice(-MOST_SHOWN).map((one, i) => (
        <p key={i} className="jp-aml-Values-list">
          {Array.isArray(one.value)
            ? one.value.slice(0, MOST_SHOWN).map(cellText).join(', ')
            : cellText(one.value)}
        </p>
      ))}
      {values.length > MOST_SHOWN && (
        <p>{trans('%1 earlier ones are not shown.', values.length - MOST_SHOWN)}</p>
      )}
    </>
  );
}
