/** The JSON shapes of SDK v1 for what a model got right and wrong. */

import { isFinite, measure } from '../common/numbers';

/** How often each true label (rows) was taken for each label (columns). */
export interface Matrix {
  labels: string[];
  counts: number[][];
}

/** A curve in the unit square, and the area below it. */
export interface UnitCurve {
  x: number[];
  y: number[];
  area: number;
}

/** For each class the true and false positives and negatives at each threshold. */
export interface AccuracyTable {
  labels: string[];
  /** Per class and threshold: true positives, false positives, true and false negatives. */
  tables: number[][][];
}

/** Counts between edges. */
export interface Histogram {
  edges: number[];
  counts: number[];
}

/** What was predicted on average, and how widely, where the truth lay between two edges. */
export interface Predictions extends Histogram {
  averages: number[];
  errors: number[];
}

type Data = Record<string, unknown>;

/** The data of a shape; null where the value is none. */
function dataOf(value: unknown): Data | null {
  const data = (value as { data?: unknown } | null)?.data;
  return typeof data === 'object' && data !== null ? (data as Data) : null;
}

/** A list of numbers, of which some may be infinite or NaN; null for any other list. */
function numbers(value: unknown): number[] | null {
  const isNumber = (one: unknown): boolean => one === null || measure(one) !== null;
  return Array.isArray(value) && value.every(isNumber)
    ? value.map(one => measure(one) ?? NaN)
    : null;
}

function sum(values: number[]): number {
  return values.filter(isFinite).reduce((a, b) => a + b, 0);
}

function rows(value: unknown): number[][] | null {
  const all = Array.isArray(value) ? value.map(numbers) : null;
  return all?.every(row => row !== null) ? (all as number[][]) : null;
}

function labelsOf(value: unknown, count: number): string[] {
  const given = Array.isArray(value) ? value.map(String) : [];
  return Array.from({ length: count }, (_, i) => given[i] ?? String(i));
}

export function matrixOf(value: unknown): Matrix | null {
  const data = dataOf(value);
  const counts = rows(data?.matrix);
  if (!counts?.length || counts.some(row => row.length !== counts.length)) {
    return null;
  }
  return { labels: labelsOf(data!.class_labels, counts.length), counts };
}

/** Each row as shares of its sum, so that rare labels can be compared with common ones. */
export function normalised(counts: number[][]): number[][] {
  return counts.map(row => {
    const whole = sum(row);
    return row.map(count => (whole ? count / whole : 0));
  });
}

/** The share of what was right. */
export function accuracyOf({ counts }: Matrix): number | null {
  const all = sum(counts.flat());
  const right = sum(counts.map((row, i) => row[i]));
  return all ? right / all : null;
}

export function accuracyTableOf(value: unknown): AccuracyTable | null {
  const data = dataOf(value);
  const given = data?.probability_tables ?? data?.percentile_tables;
  const tables = Array.isArray(given) ? given.map(rows) : [];
  const isWhole = tables.every(one => one?.length && one.every(row => row.length >= 4));
  if (tables.length === 0 || !isWhole) {
    return null;
  }
  return {
    labels: labelsOf(data!.class_labels, tables.length),
    tables: tables as number[][][]
  };
}

/** The table of one class, or with null that of all classes, each case counted once per class. */
export function tableOf({ tables }: AccuracyTable, index: number | null): number[][] {
  if (index !== null) {
    return tables[index];
  }
  const length = Math.min(...tables.map(table => table.length));
  return Array.from({ length }, (_, i) =>
    [0, 1, 2, 3].map(j => tables.reduce((sum, table) => sum + table[i][j], 0))
  );
}

/** True positive rate over false positive rate. */
export function roc(table: number[][]): UnitCurve {
  const points = whole(table).map(([tp, fp, tn, fn]) => [share(fp, fp + tn), share(tp, tp + fn)]);
  return curve([[0, 0], ...points, [1, 1]]);
}

/** Precision over recall; where nothing is called positive, nothing called so was wrong. */
export function precisionRecall(table: number[][]): UnitCurve {
  const points = whole(table).map(([tp, fp, , fn]) => [
    share(tp, tp + fn),
    tp + fp === 0 ? 1 : tp / (tp + fp)
  ]);
  // At one recall the better precision comes first, as thresholds fall.
  return curve(points, -1);
}

/** The rows in which all can be counted. */
function whole(table: number[][]): number[][] {
  return table.filter(row => row.every(isFinite));
}

function share(part: number, whole: number): number {
  return whole ? part / whole : 0;
}

/** The points from left to right, and the area of the trapezia below them. */
function curve(points: number[][], upwards = 1): UnitCurve {
  const sorted = [...points].sort(
    (one, other) => one[0] - other[0] || upwards * (one[1] - other[1])
  );
  let area = 0;
  for (let i = 1; i < sorted.length; i++) {
    area += ((sorted[i][0] - sorted[i - 1][0]) * (sorted[i][1] + sorted[i - 1][1])) / 2;
  }
  return { x: sorted.map(([x]) => x), y: sorted.map(([, y]) => y), area };
}

export function residualsOf(value: unknown): Histogram | null {
  const data = dataOf(value);
  const [edges, counts] = [numbers(data?.bin_edges), numbers(data?.bin_counts)];
  return edges && counts && counts.length > 0 && edges.length === counts.length + 1
    ? { edges, counts }
    : null;
}

export function predictionsOf(value: unknown): Predictions | null {
  const histogram = residualsOf(value);
  const data = dataOf(value);
  const [averages, errors] = [numbers(data?.bin_averages), numbers(data?.bin_errors)];
  const length = histogram?.counts.length;
  return histogram && averages?.length === length && errors?.length === length
    ? { ...histogram, averages: averages!, errors: errors! }
    : null;
}

/** Where the bins have their middles. */
export function middles({ edges, counts }: Histogram): number[] {
  return counts.map((_, i) => (edges[i] + edges[i + 1]) / 2);
}
