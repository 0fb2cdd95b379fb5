import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withWords } from '../src/models/common/names';

const NAMES = ['Layer.12.weight', 'layer.2.bias', 'loss'];

test('a name is found by parts of it, in any order and case', () => {
  assert.deepEqual(NAMES.filter(withWords('WEIGHT layer')), ['Layer.12.weight']);
  assert.deepEqual(NAMES.filter(withWords('layer 2')), ['Layer.12.weight', 'layer.2.bias']);
});

test('blanks alone leave all names', () => {
  assert.deepEqual(NAMES.filter(withWords('  ')), NAMES);
});

test('what is in no name finds none', () => {
  assert.deepEqual(NAMES.filter(withWords('loss bias')), []);
});
