import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Series, smoothed, thin } from '../src/models/charts/series';
import {
  accuracyOf,
  accuracyTableOf,
  matrixOf,
  normalised,
  residualsOf,
  roc
} from '../src/models/charts/shapes';
import { measure, told } from '../src/models/common/numbers';
import { numericColumns } from '../src/models/common/table';
import { axis } from '../src/models/compare/columns';
import type { Trait } from '../src/models/compare/columns';
import { overlay } from '../src/models/compare/overlay';
import type { WireSeries } from '../src/wire';
import { aRun, aSeries } from './samples';

/** A series as the server sends it: infinity is text, not-a-number null. */
function sent(...y: (number | string | null)[]): WireSeries {
  return aSeries(y.map((_, i) => i) as number[], y as number[]);
}

test('what JSON cannot say is told as text or null, and read back', () => {
  assert.deepEqual([1, 'Infinity', '-Infinity', null, 'word', NaN].map(measure), [
    1,
    Infinity,
    -Infinity,
    null,
    null,
    null
  ]);
  assert.deepEqual([1, Infinity, -Infinity, null].map(told), [1, 'Infinity', '-Infinity', null]);
});

test('a curve keeps its infinite points, and stores them as the server sends them', () => {
  const series = new Series('loss');
  series.replace(sent(1, 'Infinity', 2));
  series.append({ ...sent('-Infinity'), x: [3] });

  assert.deepEqual(series.y, [1, Infinity, 2, -Infinity]);
  assert.equal(series.last, -Infinity);
  const stored = JSON.parse(JSON.stringify(series.wire(10))) as WireSeries;
  assert.deepEqual([stored.y, stored.last], [[1, 'Infinity', 2, '-Infinity'], '-Infinity']);
});

test('an infinite point takes the place of no extreme when a curve is thinned out', () => {
  const y: (number | null)[] = Array.from({ length: 1000 }, (_, i) => i % 100);
  [y[150], y[250], y[350], y[251]] = [Infinity, -Infinity, null, 1e6];
  const x = y.map((_, i) => i);

  const kept = thin(x, y, 22).map(i => y[i]);

  assert.ok(kept.includes(1e6));
  assert.equal(kept.filter(value => value === 99).length, 9);
  assert.deepEqual(
    kept.filter(value => !Number.isFinite(value)),
    []
  );
});

test('smoothing goes on behind an infinite point as behind a gap', () => {
  assert.deepEqual(smoothed([4, Infinity, 4, null, 4], 0.5), [4, Infinity, 4, null, 4]);
});

test('an infinite value leaves a matrix, a histogram and a curve what they are', () => {
  const data = (fields: object): object => ({ data: fields });
  const matrix = matrixOf(
    data({
      matrix: [
        [3, 'Infinity'],
        [null, 2]
      ]
    })
  )!;
  assert.deepEqual(matrix.counts, [
    [3, Infinity],
    [NaN, 2]
  ]);
  assert.equal(accuracyOf(matrix), 1);
  assert.deepEqual(normalised(matrix.counts)[0], [1, Infinity]);
  assert.deepEqual(residualsOf(data({ bin_edges: ['-Infinity', 0, 1], bin_counts: [1, null] })), {
    edges: [-Infinity, 0, 1],
    counts: [1, NaN]
  });
  const rows = [
    [2, 4, 0, 0],
    ['Infinity', 2, 2, 2],
    [0, 0, 4, 2]
  ];
  const table = accuracyTableOf(data({ class_labels: ['a'], probability_tables: [rows] }))!;
  assert.deepEqual(roc(table.tables[0]), roc([table.tables[0][0], table.tables[0][2]]));
  assert.equal(residualsOf(data({ bin_edges: [0, 1], bin_counts: ['many'] })), null);
});

test('a column with an infinite number is one of numbers still, and one of words is none', () => {
  const table = {
    columns: ['a', 'b'],
    rows: [
      [1, 'x'],
      ['Infinity', 'y'],
      [3, 'Infinity']
    ]
  };

  assert.deepEqual(numericColumns(table), [0]);
});

test('runs with an infinite value leave an axis to the others, and have no place on it', () => {
  const values = [1, 'Infinity', 3, '-Infinity', 'NaN'];
  const trait: Trait = { key: 'm', name: 'm', group: 'metric', values, texts: [], differs: true };

  assert.deepEqual(axis(trait).places, [0, null, 1, null, null]);
  assert.deepEqual(
    axis({ ...trait, values: ['a', 'Infinity'], texts: ['a', 'Infinity'] }).places,
    [1, 0]
  );
});

test('curves of several runs have their infinite points as numbers', () => {
  const metrics = { runId: 'r', series: { loss: sent(1, 'Infinity', 3) }, values: {}, cursor: 0 };
  const run = aRun({ runId: 'r' });

  const { curves } = overlay('loss', [run], new Map([['r', metrics]]), {
    byTime: false,
    smoothing: 0
  });

  assert.deepEqual(curves.get('r')?.raw, [1, Infinity, 3]);
});
