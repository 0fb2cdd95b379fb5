import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AmlProblem } from '../src/api/problem';
import { distinction, numbered } from '../src/models/common/words';
import { aCell, aRun } from './samples';

const origin = { notebook: 'work/train.ipynb', cellId: 'c', executionCount: 12 };
const ofACell = { displayName: null, script: 'cell.py', job: aCell(), origin };

test('runs of cells without a name are told apart by parameters, notebook and count', () => {
  const parameters = { alpha: 0.3, depth: 3 };

  assert.equal(distinction(aRun({ ...ofACell, parameters })), 'alpha=0.3 depth=3 train.ipynb [12]');
  assert.equal(distinction(aRun({ ...ofACell, parameters: {} })), 'train.ipynb [12]');
});

test('a name is enough, and a cell without a notebook goes by its count', () => {
  assert.equal(distinction(aRun({ ...ofACell, displayName: 'ridge' })), 'ridge');
  const here = { ...origin, notebook: null };
  assert.equal(distinction(aRun({ ...ofACell, origin: here })), 'cell.py [12]');
});

test('a script goes by its file and arguments, wherever it was sent from', () => {
  const script = { displayName: null, script: 'train.py', origin };

  assert.equal(distinction(aRun(script)), 'train.py');
  assert.equal(
    distinction(aRun({ ...script, arguments: ['--alpha', '0.3'] })),
    'train.py --alpha 0.3'
  );
});

test('parameters that are lists or dictionaries are told apart, too', () => {
  const parameters = { layers: [64, 8], opts: { lr: 0.1 }, on: true, seed: null };

  assert.equal(
    distinction(aRun({ displayName: null, parameters })),
    'layers=[64,8] opts={"lr":0.1} on=True seed=None train.py'
  );
});

test('an interactive run goes by its notebook, and what is nothing else by its id', () => {
  const nothing = { displayName: null, script: null };

  assert.equal(distinction(aRun({ ...nothing, origin })), 'train.ipynb [12]');
  assert.equal(distinction(aRun(nothing)), 'diabetes_1_a');
});

test('the number stands before the name, which may be long', () => {
  assert.equal(numbered(aRun({ number: 14, displayName: 'x'.repeat(200) })).slice(0, 5), '#14 x');
});

test('a server that does not answer is told in a sentence that says what to do', () => {
  const { message, name } = AmlProblem.unreachable();

  assert.equal(name, 'Unreachable');
  assert.match(message, /^The Jupyter server does not answer\. Look whether/);
});
