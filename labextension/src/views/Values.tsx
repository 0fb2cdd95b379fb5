import * as React from 'react';
import { number } from '../models/words';
import type { WireValue } from '../wire';
import { useTrans } from './hooks';

const MOST_ROWS = 200;

/** What was logged under one name and is not a number: a table wherever it has columns. */
export function Values({
  name,
  values
}: {
  name: string;
  values: WireValue[];
}): JSX.Element | null {
  const trans = useTrans();
  const shown = values.filter(one => one.kind !== 'image');
  if (shown.length === 0) {
    return null;
  }
  const isRows = shown.every(one => one.kind === 'row' && isObject(one.value));
  return (
    <section className="jp-aml-Values">
      <h4>{name}</h4>
      {isRows ? (
        <Grid rows={shown.map(one => one.value as Record<string, unknown>)} />
      ) : (
        shown.slice(-MOST_ROWS).map((one, i) => <Value key={i} value={one.value} />)
      )}
      {shown.length > MOST_ROWS && (
        <p>{trans('%1 earlier ones are not shown.', shown.length - MOST_ROWS)}</p>
      )}
    </section>
  );
}

function Value({ value }: { value: unknown }): JSX.Element {
  if (Array.isArray(value)) {
    return <p className="jp-aml-Values-list">{value.slice(0, MOST_ROWS).map(text).join(', ')}</p>;
  }
  if (isObject(value)) {
    const columns = Object.values(value);
    return columns.length > 0 && columns.every(Array.isArray) ? (
      <Grid rows={transposed(value as Record<string, unknown[]>)} />
    ) : (
      <Grid rows={[value]} />
    );
  }
  return <p>{text(value)}</p>;
}

function Grid({ rows }: { rows: Record<string, unknown>[] }): JSX.Element {
  const heads = [...new Set(rows.slice(0, MOST_ROWS).flatMap(row => Object.keys(row)))];
  return (
    <table className="jp-aml-Table">
      <thead>
        <tr>
          {heads.map(head => (
            <th key={head} scope="col" className="jp-mod-number">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, MOST_ROWS).map((row, i) => (
          <tr key={i}>
            {heads.map(head => (
              <td key={head} className="jp-mod-number">
                {head in row ? text(row[head]) : ''}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function transposed(columns: Record<string, unknown[]>): Record<string, unknown>[] {
  const length = Math.max(...Object.values(columns).map(column => column.length));
  return Array.from({ length: Math.min(length, MOST_ROWS) }, (_, i) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[i]]))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : number(value);
}
