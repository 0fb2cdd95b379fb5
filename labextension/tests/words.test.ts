import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canCancel, face, limits, place, plain } from '../src/models/common/words';
import { FINAL, MOVES } from '../src/wire';
import type { Status, WireFailure } from '../src/wire';
import { aCell, aRun } from './samples';

const STATES = Object.keys(MOVES) as Status[];

function failure(different: Partial<WireFailure>): WireFailure {
  const nothing = { type: null, hint: null, traceback: null, file: null, line: null };
  return { message: 'no', code: 'UserError', ...nothing, ...different };
}

test('a run can be canceled until that was asked or its end has come', () => {
  assert.deepEqual(
    STATES.filter(status => !canCancel(status)),
    ['CancelRequested', 'Finalizing', 'Completed', 'Failed', 'Canceled']
  );
});

test('only what no move leads out of is final', () => {
  assert.deepEqual([...FINAL], ['Completed', 'Failed', 'Canceled']);
  assert.deepEqual(
    STATES.filter(status => MOVES[status].length === 0),
    [...FINAL]
  );
});

test('every state has a shape and a word of its own', () => {
  assert.equal(new Set(STATES.map(status => face(status).word)).size, STATES.length);
  assert.equal(face('Later' as Status).word, 'Later');
});

test('the place of an error is a line of the cell, or of the file that has it', () => {
  const cell = { script: 'cell.py', job: aCell() };
  const at = (file: string | null, line: number | null, run: object): string =>
    place(aRun({ ...run, error: failure({ file, line }) }));

  assert.equal(at('cell.py', 7, cell), 'cell line 7');
  assert.equal(at(null, 7, cell), 'cell line 7');
  assert.equal(at('helper.py', 3, cell), 'line 3 of helper.py');
  assert.equal(at('cell.py', 3, { script: 'cell.py', job: null }), 'line 3 of cell.py');
  assert.equal(at('train.py', null, {}), '');
  assert.equal(place(aRun({ error: null })), '');
});

test('limits are said as they were asked for', () => {
  const asked = { cpus: 1.5, memory: 3 * 2 ** 29, gpus: 1, processes: 500 };

  assert.equal(limits(asked, plain), '1.5 CPUs, 1.5 GB of memory, 1 GPU, 500 processes');
  assert.equal(
    limits({ cpus: 1, memory: 512 * 2 ** 20, gpus: 0 }, plain),
    '1 CPU, 512 MB of memory, 0 GPUs'
  );
  assert.equal(limits({}, plain), '');
});
