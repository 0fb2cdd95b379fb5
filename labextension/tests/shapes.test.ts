import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accuracyOf,
  accuracyTableOf,
  matrixOf,
  normalised,
  precisionRecall,
  predictionsOf,
  residualsOf,
  roc,
  tableOf
} from '../src/models/charts/shapes';

function shape(data: object) {
  return { schema_type: 'any', schema_version: 'v1', data };
}

test('a confusion matrix has its labels, its share of right ones, and rows that sum to one', () => {
  const matrix = matrixOf(
    shape({
      class_labels: ['cat', 'dog'],
      matrix: [
        [3, 1],
        [0, 4]
      ]
    })
  )!;

  assert.deepEqual(matrix.labels, ['cat', 'dog']);
  assert.equal(accuracyOf(matrix), 7 / 8);
  assert.deepEqual(normalised(matrix.counts), [
    [0.75, 0.25],
    [0, 1]
  ]);
});

test('a model that is always right has an area of one, one that guesses of a half', () => {
  const right = accuracyTableOf(
    shape({
      probability_tables: [
        [
          [5, 5, 0, 0],
          [5, 0, 5, 0],
          [0, 0, 5, 5]
        ]
      ],
      class_labels: ['0']
    })
  )!;
  const guesses = [
    [5, 5, 0, 0],
    [0, 0, 5, 5]
  ];

  assert.equal(roc(tableOf(right, 0)).area, 1);
  assert.equal(precisionRecall(tableOf(right, 0)).area, 1);
  assert.equal(roc(guesses).area, 0.5);
});

test('all classes together are their sums at each threshold', () => {
  const table = accuracyTableOf(
    shape({
      probability_tables: [[[1, 2, 3, 4]], [[10, 20, 30, 40]]],
      class_labels: ['a', 'b']
    })
  )!;

  assert.deepEqual(tableOf(table, null), [[11, 22, 33, 44]]);
});

test('predictions and residuals need one edge more than they have bins', () => {
  const bins = { bin_edges: [0, 1, 2], bin_counts: [4, 6] };
  const values = { bin_averages: [0.4, 1.7], bin_errors: [0.1, 0.2] };

  assert.deepEqual(residualsOf(shape(bins)), { edges: [0, 1, 2], counts: [4, 6] });
  assert.deepEqual(predictionsOf(shape({ ...bins, ...values }))!.averages, [0.4, 1.7]);
  assert.equal(residualsOf(shape({ ...bins, bin_edges: [0, 1] })), null);
  assert.equal(predictionsOf(shape(bins)), null);
});

test('what is no shape is none', () => {
  for (const value of [null, 'text', {}, shape({ matrix: [[1, 2]] }), shape({ matrix: 'x' })]) {
    assert.equal(matrixOf(value), null);
    assert.equal(accuracyTableOf(value), null);
  }
});
