import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellBody,
  experimentOf,
  literalOf,
  notebookBody,
  parametersOf,
  scriptBody,
  sendsItself,
  typed,
  wordsOf
} from '../src/models/submit/submitting';
import type { Setting } from '../src/models/submit/submitting';
import { anEnvironment } from './samples';

const HERE: Setting = {
  workspace: 'default',
  interpreter: '/usr/bin/python3',
  environment: null,
  target: 'local'
};
const NOTEBOOK = {
  path: 'work/a.ipynb',
  content: '{}',
  parameters: {},
  experiment: '',
  displayName: '',
  folder: null
};
const SCRIPT = {
  path: 'work/say.py',
  content: 'pass',
  arguments: [],
  experiment: 'talk',
  displayName: 'loud',
  folder: null
};
const ORIGIN = { notebook: 'work/My trial.ipynb', cellId: 'c1', executionCount: null };

test('runs of a notebook go to the experiment of its name', () => {
  assert.equal(experimentOf('work/My trial (2).ipynb'), 'My-trial-2');
  assert.equal(experimentOf('.ipynb'), 'ipynb');
  assert.equal(experimentOf('Ünï.ipynb'), 'n');
  assert.equal(experimentOf('Ü.ipynb'), 'notebook');
  assert.equal(experimentOf('Ü.py'), 'script');
  assert.equal(experimentOf('a.b_c-d.v2.py'), 'a.b_c-d.v2');
});

test('whatever a file is called, its experiment has a name that is one', () => {
  const files = [
    '',
    '.',
    '...',
    '---',
    '日本.ipynb',
    '-_.a._-.ipynb',
    'x/',
    `${'x'.repeat(300)}.py`
  ];

  const names = files.map(experimentOf);

  assert.deepEqual(names.slice(0, 7), [...Array(5).fill('notebook'), 'a', 'notebook']);
  assert.equal(names[7], 'x'.repeat(255));
});

test('a script is sent with its arguments, alone or in its folder', () => {
  const job = { ...SCRIPT, path: 'work/train.py', arguments: ['--rate', '1'] };

  const alone = scriptBody(job, HERE);
  const among = scriptBody({ ...job, folder: '/home/ann/work' }, HERE);

  assert.deepEqual(alone.job?.command, ['train.py', '--rate', '1']);
  assert.deepEqual([alone.script, alone.arguments], ['train.py', ['--rate', '1']]);
  assert.deepEqual(alone.source, { files: { 'train.py': 'pass' } });
  assert.deepEqual(among.source, { directory: '/home/ann/work' });
  assert.deepEqual([alone.workspace, alone.environment], ['default', undefined]);
});

test('a cell is sent as it stands, so that its lines keep their numbers', () => {
  const cells = { 3: 'x = 1' };
  const job = { code: 'print(1)', path: ORIGIN.notebook, origin: ORIGIN, cells };
  const body = cellBody(job, HERE);

  assert.deepEqual(body.source, { files: { 'cell.py': 'print(1)' } });
  assert.deepEqual([body.experiment, body.script], ['My-trial', 'cell.py']);
  assert.deepEqual([body.job?.interpreter, body.job?.lineOffset], ['/usr/bin/python3', 0]);
  assert.deepEqual(body.check, { cells }, 'the engine looks at it first');
});

test('a run goes to the environment, target, experiment and name that were chosen', () => {
  const definition = { name: 'sklearn', environmentVariables: { OMP_NUM_THREADS: '2' } };
  const environment = anEnvironment({ definition });

  const body = scriptBody(SCRIPT, { ...HERE, environment, target: 'box' });

  assert.deepEqual(body.environment, definition);
  assert.deepEqual([body.experiment, body.displayName], ['talk', 'loud']);
  assert.equal(body.job?.target, 'box');
  assert.deepEqual([body.job?.interpreter, body.job?.environment], ['python', 'sklearn']);
  assert.deepEqual(body.job?.environmentVariables, { OMP_NUM_THREADS: '2' });
});

test('of what was not chosen a run has what the magic would take', () => {
  const body = notebookBody(NOTEBOOK, HERE);

  assert.deepEqual([body.experiment, body.displayName], ['a', undefined]);
  assert.deepEqual([body.job?.target, body.job?.environment], ['local', 'default']);
  assert.equal(body.environment, undefined);
});

test('a user-managed environment runs with the interpreter that it names', () => {
  const managed = (interpreterPath: string): Setting['environment'] =>
    anEnvironment({ kind: 'user-managed', definition: { python: { interpreterPath } } });

  const named = scriptBody(SCRIPT, { ...HERE, environment: managed('/opt/bin/python') });
  const plain = scriptBody(SCRIPT, { ...HERE, environment: managed('python') });

  assert.equal(named.job?.interpreter, '/opt/bin/python');
  assert.equal(plain.job?.interpreter, HERE.interpreter);
});

test('a file is sent with its folder or alone', () => {
  assert.deepEqual(notebookBody({ ...NOTEBOOK, folder: '/w' }, HERE).source, { directory: '/w' });
  assert.deepEqual(notebookBody(NOTEBOOK, HERE).source, { files: { 'a.ipynb': '{}' } });
});

test("a cell that says itself how it is sent is the kernel's, whatever stands above", () => {
  for (const code of [
    '%%aml submit\nprint(1)',
    '\n# why\n\n  # how\n%%aml submit trial -p a=1\nprint(a)',
    '%aml submit trial\nprint(1)',
    '%%aml\nprint(1)',
    '  %%aml submit -h'
  ]) {
    assert.equal(sendsItself(code), true, code);
  }
  for (const code of [
    'x = 1\n%%aml submit',
    '%%amlet',
    '%aml ls',
    '%aml submitted',
    '',
    '#%%aml'
  ]) {
    assert.equal(sendsItself(code), false, code);
  }
});

test('parameters are read with their comments or types, and other lines passed over', () => {
  const source = 'alpha = 0.5  # strength\nname: str = "a#b"\nif x == 1:\n    y = 2\nx == 3';
  assert.deepEqual(parametersOf(source), [
    { name: 'alpha', text: '0.5', note: 'strength' },
    { name: 'name', text: '"a#b"', note: 'str' }
  ]);
});

test('literals of Python become values, and what is none is text', () => {
  assert.equal(literalOf('1e-3'), 0.001);
  assert.equal(literalOf('1_000'), 1000);
  assert.equal(literalOf('None'), null);
  assert.equal(literalOf("'it\\'s \"x\"'"), 'it\'s "x"');
  assert.deepEqual(literalOf("[1, 'two', (True, None),]"), [1, 'two', [true, null]]);
  assert.deepEqual(literalOf("{'a': 1}"), { a: 1 });
  assert.equal(literalOf('os.cpu_count()'), undefined);
  assert.equal(literalOf('[f(1)]'), undefined);
  assert.equal(typed('ridge'), 'ridge');
});

test('arguments are taken apart as a shell does it', () => {
  assert.deepEqual(wordsOf(`--rate 0.1 --name "a b" 'c d' e\\ f`), [
    '--rate',
    '0.1',
    '--name',
    'a b',
    'c d',
    'e f'
  ]);
});
