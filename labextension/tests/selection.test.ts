import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING, pressed, whole, within } from '../src/models/common/selection';
import type { Reach } from '../src/models/common/selection';

const ORDER = ['a', 'b', 'c', 'd', 'e'];

function after(...presses: [string, Reach][]) {
  return presses.reduce((before, [id, reach]) => pressed(before, id, reach, ORDER), NOTHING);
}

test('a range goes from where the last press was, in either direction', () => {
  const down = after(['b', 'only'], ['d', 'range']);
  assert.deepEqual([...down.ids], ['b', 'c', 'd']);

  const up = pressed(down, 'a', 'range', ORDER);
  assert.deepEqual([...up.ids], ['a', 'b']);
  assert.equal(up.lead, 'a');
});

test('one more and one less is chosen, and the lead is always one that is selected', () => {
  const two = after(['a', 'only'], ['c', 'toggle']);
  assert.deepEqual([[...two.ids], two.lead], [['a', 'c'], 'c']);

  const one = pressed(two, 'c', 'toggle', ORDER);
  assert.deepEqual([[...one.ids], one.lead], [['a'], 'a']);
});

test('a menu on one of the selected leaves them selected, elsewhere it takes that one', () => {
  const three = after(['b', 'only'], ['d', 'range'], ['c', 'keep']);
  assert.deepEqual([[...three.ids], three.lead], [['b', 'c', 'd'], 'c']);

  assert.deepEqual([...pressed(three, 'e', 'keep', ORDER).ids], ['e']);
});

test('what is there no longer is not selected', () => {
  const left = within(whole(ORDER), id => id !== 'e');
  assert.deepEqual([[...left.ids], left.lead], [['a', 'b', 'c', 'd'], 'd']);
});
