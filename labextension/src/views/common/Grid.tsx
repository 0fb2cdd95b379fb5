/** Tables of any length, with the rows in sight alone in the page. */

import * as React from 'react';
import { cellText, ordered, readsAsNumbers } from '../../models/common/table';
import type { Order, Table } from '../../models/common/table';
import { visible } from '../../models/common/visible';
import { useSize, useTrans } from './hooks';

const ROW = 24;
const MARGIN = 10;
const MOST_COLUMNS = 100;

interface GridProps {
  table: Table;
  label: string;
  /** What stands below the name of each column. */
  notes?: readonly string[];
  /** Fills the height that it is given, else it is as high as its rows, up to a limit. */
  isFilling?: boolean;
}

/** A table of any length, sorted by the column whose head is pressed. */
export function Grid({ table, label, notes, isFilling = false }: GridProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const [order, setOrder] = React.useState<Order | null>(null);
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const indexes = React.useMemo(() => ordered(table, order), [table, order]);
  const numeric = React.useMemo(
    () => new Set(table.columns.map((_, i) => i).filter(i => readsAsNumbers(table, i))),
    [table]
  );
  const columns = table.columns.slice(0, MOST_COLUMNS);
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const shown = indexes.slice(first, first + Math.ceil(height / ROW) + 2 * MARGIN);
  return (
    <div
      className={isFilling ? 'jp-aml-Grid jp-mod-filling' : 'jp-aml-Grid'}
      ref={box}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="jp-aml-Table" aria-rowcount={indexes.length + 1}>
        <thead>
          <tr>
            {columns.map((name, column) => (
              <Head
                key={column}
                name={name}
                note={notes?.[column]}
                isNumeric={numeric.has(column)}
                order={order?.column === column ? order : null}
                sort={() => setOrder(next(order, column))}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap rows={first} />
          {shown.map((row, i) => (
            <tr key={row} aria-rowindex={first + i + 2}>
              {columns.map((_, column) => {
                const text = visible(cellText(table.rows[row][column]));
                return (
                  <td
                    key={column}
                    className={numeric.has(column) ? 'jp-mod-number' : undefined}
                    title={text.length > 40 ? text.slice(0, 1_000) : undefined}
                  >
                    {text.slice(0, 500)}
                  </td>
                );
              })}
            </tr>
          ))}
          <Gap rows={indexes.length - first - shown.length} />
        </tbody>
      </table>
      {table.columns.length > MOST_COLUMNS && (
        <p className="jp-aml-Empty">
          {trans('%1 more columns are in the file.', table.columns.length - MOST_COLUMNS)}
        </p>
      )}
    </div>
  );
}

/** Ascending, descending, and back to how it came. */
export function next(order: Order | null, column: number): Order | null {
  if (order?.column !== column) {
    return { column, isDescending: false };
  }
  return order.isDescending ? null : { column, isDescending: true };
}

interface HeadProps {
  name: string;
  note?: string;
  isNumeric: boolean;
  order: Order | null;
  sort(): void;
}

/** The head of a column, which sorts by it. */
export function Head({ name, note, isNumeric, order, sort }: HeadProps): JSX.Element {
  const direction = order ? (order.isDescending ? 'descending' : 'ascending') : 'none';
  return (
    <th scope="col" aria-sort={direction} className={isNumeric ? 'jp-mod-number' : undefined}>
      <button type="button" className="jp-aml-Sort" onClick={sort}>
        {name}
        <span aria-hidden="true">{order ? (order.isDescending ? ' ↓' : ' ↑') : ''}</span>
      </button>
      {note && <span className="jp-aml-Sort-note">{note}</span>}
    </th>
  );
}

/** Room for rows that are not drawn. */
export function Gap({ rows, height = ROW }: { rows: number; height?: number }): JSX.Element | null {
  return rows > 0 ? (
    <tr aria-hidden="true">
      <td style={{ height: rows * height, padding: 0 }} />
    </tr>
  ) : null;
}
