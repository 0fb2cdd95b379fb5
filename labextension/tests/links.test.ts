/** Addresses that open runs, experiments and compute targets. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetOf, withoutTarget } from '../src/models/common/links.ts';

test('an address names a run, or an experiment or a target of a workspace', () => {
  assert.deepEqual(targetOf('?aml=run:digits_1_ab'), { kind: 'run', name: 'digits_1_ab' });
  assert.deepEqual(targetOf('?token=x&aml=experiment%3Adigits'), {
    kind: 'experiment',
    name: 'digits',
    workspace: 'default'
  });
  assert.deepEqual(targetOf('?aml=experiment:lab/digits'), {
    kind: 'experiment',
    name: 'digits',
    workspace: 'lab'
  });
  assert.deepEqual(targetOf('?aml=compute:lab/cpu-cluster'), {
    kind: 'compute',
    name: 'cpu-cluster',
    workspace: 'lab'
  });
});

test('what is neither opens nothing', () => {
  for (const search of [
    '',
    '?aml=',
    '?aml=run:',
    '?aml=run:a/../b',
    '?aml=model:x',
    '?aml=run:a b'
  ]) {
    assert.equal(targetOf(search), null, search);
  }
});

test('the rest of the query stays when it was followed', () => {
  assert.equal(withoutTarget('?aml=run:x'), '');
  assert.equal(withoutTarget('?reset&aml=run:x&token=a%20b'), '?reset&token=a%20b');
});
