import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AmlProblem } from '../src/api/problem';
import { distinction } from '../src/models/common/words';
import { aRun } from './samples';

const origin = { notebook: 'work/train.ipynb', cellId: 'c', executionCount: 12 };
const ofACell = { displayName: null, script: 'cell.py', origin };

test('runs of cells without a name are told apart by parameters, notebook and count', () => {
  const parameters = { alpha: 0.3, depth: 3 };

  assert.equal(distinction(aRun({ ...ofACell, parameters })), 'alpha=0.3 depth=3 train.ipynb [12]');
  assert.equal(distinction(aRun({ ...ofACell, parameters: {} })), 'train.ipynb [12]');
});

test('a name is enough, and a script without a notebook goes by its file', () => {
  assert.equal(distinction(aRun({ ...ofACell, displayName: 'ridge' })), 'ridge');
  const alone = aRun({ displayName: null, script: 'train.py', origin: null, parameters: {} });
  assert.equal(distinction(alone), 'train.py');
});

test('a server that does not answer is told in a sentence that says what to do', () => {
  const { message, name } = AmlProblem.unreachable();

  assert.equal(name, 'Unreachable');
  assert.match(message, /^The Jupyter server does not answer\. Look whether/);
});
