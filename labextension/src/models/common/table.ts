/** Tables of whatever was logged or stands in a file. */

import type { WireValue } from '../../wire';
import { isFinite, measure } from './numbers';
import { number } from './words';

export type Cell = unknown;

/** Columns by name, and rows whose cells stand in the order of the columns. */
export interface Table {
  columns: string[];
  rows: Cell[][];
}

/** In which order rows are shown. */
export interface Order {
  column: number;
  isDescending: boolean;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What was logged under one name as one table; null where it has no columns. */
export function tableOfValues(values: WireValue[]): Table | null {
  const records = values.flatMap(one => {
    if (!isObject(one.value) || (one.kind !== 'row' && one.kind !== 'table')) {
      return [null];
    }
    return one.kind === 'table' ? transposed(one.value) : [one.value];
  });
  return records.length === 0 || records.includes(null)
    ? null
    : tableOfRecords(records as Record<string, unknown>[]);
}

/** Columns that are lists become rows; a column of one value is a list of one. */
function transposed(columns: Record<string, unknown>): Record<string, unknown>[] {
  const lists = Object.entries(columns).map(
    ([name, value]) => [name, Array.isArray(value) ? value : [value]] as const
  );
  const length = lists.reduce((most, [, list]) => Math.max(most, list.length), 0);
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(lists.filter(([, list]) => i in list).map(([name, list]) => [name, list[i]]))
  );
}

function tableOfRecords(records: Record<string, unknown>[]): Table {
  const columns = new Set<string>();
  for (const record of records) {
    Object.keys(record).forEach(name => columns.add(name));
  }
  const names = [...columns];
  return { columns: names, rows: records.map(record => names.map(name => record[name])) };
}

/** The numbers of the columns that hold nothing but numbers, and so can be drawn. */
export function numericColumns({ columns, rows }: Table): number[] {
  const isNumeric = (column: number): boolean => {
    const cells = rows.map(row => row[column]).filter(cell => !isNothing(cell));
    return cells.length > 1 && cells.every(cell => measure(cell) !== null);
  };
  return columns.map((_, i) => i).filter(isNumeric);
}

/** How far apart the largest values of two columns on one axis may be. */
const FARTHEST = 20;

/** What decides whether a column can share an axis with another. */
interface Extent {
  most: number;
  isShare: boolean;
  isCount: boolean;
}

/**
 * Columns in groups that can share an axis.
 *
 * A share is lost beside counts, and what is small beside what is many times as large.
 */
export function axesOf(table: Table, columns: number[]): number[][] {
  const groups: number[][] = [];
  for (const column of columns) {
    const own = extentOf(table, column);
    const fitting = groups.find(group => group.every(one => fits(own, extentOf(table, one))));
    if (fitting) {
      fitting.push(column);
    } else {
      groups.push([column]);
    }
  }
  return groups;
}

function extentOf({ rows }: Table, column: number): Extent {
  const values = rows.map(row => measure(row[column])).filter(isFinite);
  const isCount = values.every(Number.isInteger);
  const isShare = !isCount && values.every(value => value >= 0 && value <= 1);
  return { most: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0), isShare, isCount };
}

function fits(one: Extent, other: Extent): boolean {
  const isMixed = (one.isShare && other.isCount) || (one.isCount && other.isShare);
  const [less, more] = [one.most, other.most].sort((a, b) => a - b);
  return !isMixed && (less === 0 || more <= FARTHEST * less);
}

/** Whether all that stands in a column reads as a number, be it text. */
export function readsAsNumbers({ rows }: Table, column: number): boolean {
  const cells = rows.map(row => row[column]).filter(cell => !isNothing(cell));
  return cells.length > 0 && cells.every(isNumeral);
}

function isNumeral(cell: Cell): boolean {
  return typeof cell !== 'boolean' && !Number.isNaN(Number(cell));
}

/** The numbers of the rows in the order that is wanted; what is no value comes last. */
export function ordered({ rows }: Table, order: Order | null): number[] {
  const indexes = rows.map((_, i) => i);
  if (!order) {
    return indexes;
  }
  const sign = order.isDescending ? -1 : 1;
  const cell = (index: number): Cell => rows[index][order.column];
  return indexes.sort((one, other) => {
    const [a, b] = [cell(one), cell(other)];
    if (isNothing(a) || isNothing(b)) {
      return Number(isNothing(a)) - Number(isNothing(b)) || one - other;
    }
    return sign * compare(a, b) || one - other;
  });
}

function isNothing(cell: Cell): boolean {
  return cell === null || cell === undefined || cell === '' || Number.isNaN(cell);
}

function compare(a: Cell, b: Cell): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) {
    return x - y;
  }
  return cellText(a) < cellText(b) ? -1 : cellText(a) > cellText(b) ? 1 : 0;
}

/** A cell as it is read. */
export function cellText(cell: Cell): string {
  if (cell === undefined || cell === '') {
    return '';
  }
  return typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : number(cell);
}

/** Text with separators and quotes as RFC 4180 has them; the first line names the columns. */
export function parsed(text: string, separator: string): Table {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [field, end] = text[at] === '"' ? quoted(text, at, separator) : bare(text, at, separator);
    record.push(field);
    at = end;
    if (text[at] === separator) {
      at += 1;
      if (at === text.length) {
        record.push('');
      }
    } else {
      at += text.startsWith('\r\n', at) ? 2 : 1;
      records.push(record);
      record = [];
    }
  }
  if (record.length > 0) {
    records.push(record);
  }
  const whole = records.filter(one => one.length > 1 || one[0] !== '');
  const width = whole.reduce((most, one) => Math.max(most, one.length), 0);
  const head = whole[0] ?? [];
  return {
    columns: Array.from({ length: width }, (_, i) => head[i] || `#${i + 1}`),
    rows: whole.slice(1)
  };
}

function bare(text: string, at: number, separator: string): [string, number] {
  let end = at;
  while (end < text.length && text[end] !== separator && text[end] !== '\n') {
    end += 1;
  }
  const isBeforeReturn = text[end - 1] === '\r' && text[end] !== separator && end > at;
  return [text.slice(at, isBeforeReturn ? end - 1 : end), end];
}

function quoted(text: string, at: number, separator: string): [string, number] {
  let field = '';
  let from = at + 1;
  for (;;) {
    const end = text.indexOf('"', from);
    if (end < 0) {
      return [field + text.slice(from), text.length];
    }
    field += text.slice(from, end);
    if (text[end + 1] !== '"') {
      const [rest, stop] = bare(text, end + 1, separator);
      return [field + rest, stop];
    }
    field += '"';
    from = end + 2;
  }
}
