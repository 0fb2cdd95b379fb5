import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offered } from '../src/models/common/options';
import { plain } from '../src/models/common/words';
import { chosen, environmentOptions } from '../src/models/submit/choices';
import type { ChoicesOfFiles } from '../src/models/submit/choices';
import { anEnvironment } from './samples';

const CHOICES = {
  experiment: 'talk',
  environment: '',
  compute: 'local',
  arguments: '',
  withFolder: true
};

test('the choices of a file take the place of its earlier ones, and others stay', () => {
  const before = chosen(chosen({}, 'a.py', CHOICES), 'b.py', CHOICES);

  const after = chosen(before, 'a.py', { ...CHOICES, compute: 'box' });

  assert.deepEqual(Object.keys(after), ['b.py', 'a.py']);
  assert.equal(after['a.py'].compute, 'box');
  assert.equal(before['a.py'].compute, 'local');
});

test('of many files those that were sent longest ago are forgotten', () => {
  let files: ChoicesOfFiles = {};
  for (let i = 0; i < 60; i++) {
    files = chosen(files, `${i}.py`, CHOICES);
  }

  assert.equal(Object.keys(files).length, 50);
  assert.deepEqual([files['9.py'], files['59.py']], [undefined, CHOICES]);
});

test("the kernel's environment comes first, then one's own by name, then the curated ones", () => {
  const environments = [
    anEnvironment({ name: 'AzureML-tutorial', curated: true }),
    anEnvironment({ name: 'torch' }),
    anEnvironment({ name: 'sklearn' })
  ];

  const options = environmentOptions(environments, 'the kernel', plain);

  assert.deepEqual(
    options.map(({ value, group }) => [value, group]),
    [
      ['', undefined],
      ['sklearn', 'Of the workspace'],
      ['torch', 'Of the workspace'],
      ['AzureML-tutorial', 'Curated']
    ]
  );
  assert.equal(options[0].label, 'the kernel');
});

test('what is not offered any more gives way to the first', () => {
  const options = [
    { value: '', label: 'kernel' },
    { value: 'torch', label: 'torch' }
  ];

  assert.equal(offered(options, 'torch'), 'torch');
  assert.equal(offered(options, 'gone'), '');
  assert.equal(offered([], 'gone'), '');
});
