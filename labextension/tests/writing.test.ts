import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EMPTY,
  entries,
  fromDefinition,
  toDefinition,
  toYaml
} from '../src/models/environments/draft';
import { WritingModel } from '../src/models/environments/writing';
import type { WireCheck, WireNewEnvironment } from '../src/wire';
import { anEnvironment } from './samples';

const GOOD: WireCheck = { definition: {}, mistakes: [], warnings: [] };

/** A server that answers checks as it is told, and remembers what it was asked. */
class FakeChecks {
  readonly asked: WireNewEnvironment[] = [];
  readonly added: WireNewEnvironment[] = [];
  answer: WireCheck = GOOD;

  async checkEnvironment(body: WireNewEnvironment) {
    this.asked.push(body);
    return this.answer;
  }

  async addEnvironment(body: WireNewEnvironment) {
    this.added.push(body);
    return anEnvironment();
  }
}

const DRAFT = {
  ...EMPTY,
  name: 'churn',
  python: '3.12',
  channels: ['conda-forge'],
  conda: ['numpy=2.2'],
  pip: ['scikit-learn>=1.5', 'art'],
  variables: [['OMP_NUM_THREADS', '1']] as [string, string][]
};

test('a draft is written as a conda specification', () => {
  assert.equal(
    toYaml(DRAFT),
    `name: churn
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy=2.2
  - pip
  - pip:
      - scikit-learn>=1.5
      - art
variables:
  OMP_NUM_THREADS: "1"
`
  );
});

test('whatever YAML would take for something else stands in quotes', () => {
  const yaml = toYaml({
    ...EMPTY,
    name: 'yes',
    variables: [
      ['A', 'no: or #'],
      ['B', '']
    ]
  });

  assert.match(yaml, /^name: "yes"\n/);
  assert.match(yaml, /\n {2}A: "no: or #"\n {2}B: ""\n$/);
});

test('a draft comes back from its definition as it was', () => {
  const draft = { ...DRAFT, docker: true, image: 'python:3.12-slim' };

  assert.deepEqual(fromDefinition(toDefinition(draft)), draft);
});

test('what the form does not show stays in the definition', () => {
  const base = { spark: { packages: ['x'] }, docker: { shmSize: '2g' }, name: 'old', version: '4' };

  const definition = toDefinition({ ...DRAFT, image: '' }, base);

  assert.deepEqual(definition.spark, { packages: ['x'] });
  assert.deepEqual(definition.docker, { shmSize: '2g', enabled: false, baseImage: null });
  assert.deepEqual([definition.name, definition.version], ['churn', null]);
});

test('variables of a specification are fields of the form', () => {
  const condaDependencies = { dependencies: ['python>=3.11'], variables: { A: 1 } };

  const draft = fromDefinition({ python: { condaDependencies } });

  assert.deepEqual(draft.variables, [['A', '1']]);
  assert.equal(draft.python, '>=3.11');
});

test('pasted lines become packages, without what is only said about them', () => {
  assert.deepEqual(entries(' numpy\n\n# for plots\nmatplotlib '), ['numpy', 'matplotlib']);
});

test('the text follows the fields', () => {
  const model = new WritingModel('default', new FakeChecks(), null, 60_000);

  model.fill({ name: 'churn', pip: ['art'] });

  assert.match(model.yaml, /name: churn[^]*- art/);
  model.dispose();
});

test('the fields follow the text when it was found good', async () => {
  const checks = new FakeChecks();
  const model = new WritingModel('default', checks, null, 60_000);
  checks.answer = { ...GOOD, definition: { ...toDefinition(DRAFT), name: 'environment' } };

  model.write('dependencies: [python=3.12]  # mine\n');
  await model.check();

  assert.deepEqual(model.draft.pip, DRAFT.pip);
  assert.match(model.yaml, /# mine/, 'the text stays as it was written');
  assert.equal(checks.asked.at(-1)?.format, 'conda');
});

test('a text with a mistake changes no field and makes nothing', async () => {
  const checks = new FakeChecks();
  const model = new WritingModel('default', checks, null, 60_000);
  model.fill({ name: 'churn', pip: ['art'] });
  const mistake = { message: 'expected a list', line: 3, column: 5 };
  checks.answer = { definition: null, mistakes: [mistake], warnings: [] };

  model.write('dependencies: {\n');
  const made = await model.create();

  assert.equal(made, null);
  assert.deepEqual(checks.added, []);
  assert.deepEqual(model.draft.pip, ['art']);
  assert.deepEqual(model.mistakes, [mistake]);
});

test('what was found good is made as a definition', async () => {
  const checks = new FakeChecks();
  const model = new WritingModel('default', checks, null, 60_000);
  model.fill(DRAFT);

  await model.create();

  const definition = toDefinition(DRAFT);
  assert.deepEqual(checks.added, [{ workspace: 'default', definition }]);
});

test('an answer to an older text is not heeded', async () => {
  const checks = new FakeChecks();
  const model = new WritingModel('default', checks, null, 60_000);
  checks.answer = {
    definition: null,
    mistakes: [{ message: 'x', line: 1, column: 1 }],
    warnings: []
  };
  model.write('a:');

  const checking = model.check();
  model.write('a: 1');
  await checking;

  assert.deepEqual(model.mistakes, []);
  assert.equal(model.isChecking, true);
  model.dispose();
});
