import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Series, thin } from '../src/models/charts/series';
import { aSeries } from './samples';

test('a series that grows for ever stays bounded and keeps its peaks', () => {
  const series = new Series('loss');
  for (let i = 0; i < 50_000; i += 100) {
    const x = Array.from({ length: 100 }, (_, j) => i + j);
    const y = x.map(step => (step === 25_050 ? 1_000 : Math.sin(step)));
    series.append({ ...aSeries(x, y), count: i + 100 });
  }

  assert.ok(series.x.length <= 2_000);
  assert.ok(series.y.includes(1_000));
  assert.deepEqual([series.x[0], series.x.at(-1), series.count], [0, 49_999, 50_000]);
});

test('what was logged first is thinned out no more than what was logged last', () => {
  const series = new Series('loss');
  for (let i = 0; i < 50_000; i += 100) {
    const x = Array.from({ length: 100 }, (_, j) => i + j);
    series.append({ ...aSeries(x, x.map(Math.sin)), count: i + 100 });
  }

  const early = series.x.filter(step => step < 25_000).length;

  assert.ok(early > series.x.length / 4, `${early} of ${series.x.length}`);
});

test('points that come late are put in their place', () => {
  const series = new Series('loss');
  series.append(aSeries([1, 2, 5]));

  series.append(aSeries([3, 4]));

  assert.deepEqual(series.x, [1, 2, 3, 4, 5]);
});

test('a short curve is kept as it is', () => {
  assert.deepEqual(thin([0, 1, 2], [3, null, 1], 10), [0, 1, 2]);
});
