import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TargetWriting } from '../src/models/compute/writing';
import type { WireNewCompute } from '../src/wire';
import { aKind, aSetting, aTarget, underway } from './samples';

const SSH = aKind({
  name: 'ssh',
  type: 'VirtualMachine',
  hasNodes: false,
  isScaled: false,
  isAttached: true,
  settings: [
    aSetting({ name: 'host', required: true }),
    aSetting({ name: 'port', type: 'number', default: 22 }),
    aSetting({ name: 'quiet', type: 'flag', default: true }),
    aSetting({ name: 'shell', type: 'choice', choices: ['bash', 'zsh'] }),
    aSetting({ name: 'setup', type: 'lines' }),
    aSetting({ name: 'password', type: 'secret' }),
    aSetting({ name: 'name' })
  ]
});

class FakeRest {
  asked: WireNewCompute[] = [];
  failure: Error | null = null;

  targetKinds = async () => [aKind(), SSH];
  targetSizes = async () => [];
  checkTarget = async (body: WireNewCompute) => ({ found: this.heard(body, 'all is there') });
  addTarget = async (body: WireNewCompute) => this.heard(body, aTarget({ name: body.name }));

  private heard<T>(body: WireNewCompute, answer: T): T {
    this.asked.push(body);
    if (this.failure) {
      throw this.failure;
    }
    return answer;
  }
}

async function aForm(kind = 'cluster'): Promise<[TargetWriting, FakeRest]> {
  const rest = new FakeRest();
  const form = new TargetWriting('default', rest);
  await form.load();
  form.choose(kind);
  form.fill('name', 'new');
  return [form, rest];
}

test('the first kind is chosen, and each kind has its own settings', async () => {
  const [form] = await aForm();
  assert.deepEqual([form.kind?.name, form.draft.settings], ['cluster', {}]);

  form.choose('ssh');

  assert.deepEqual(form.draft.settings, {
    host: '',
    port: '22',
    quiet: true,
    shell: 'bash',
    setup: '',
    password: '',
    name: ''
  });
  assert.equal(form.draft.name, 'new');
});

test('settings are sent as the values that their types have, and empty ones not at all', async () => {
  const [form, rest] = await aForm('ssh');
  form.set('host', ' far.example ');
  form.set('quiet', false);
  form.set('setup', 'a\n\n b ');
  form.set('password', ' with ends ');

  assert.equal((await form.create())?.name, 'new');

  assert.deepEqual(rest.asked, [
    {
      workspace: 'default',
      kind: 'ssh',
      type: 'VirtualMachine',
      name: 'new',
      description: '',
      settings: {
        host: 'far.example',
        port: 22,
        quiet: false,
        shell: 'bash',
        setup: ['a', 'b'],
        password: ' with ends '
      }
    }
  ]);
});

test('numbers of nodes are sent for kinds that have nodes', async () => {
  const [form, rest] = await aForm();
  form.fill('maxNodes', '3');
  form.fill('idleSeconds', '');

  await form.create();

  const { minNodes, maxNodes, idleSeconds, vmSize, vmPriority } = rest.asked[0];
  assert.deepEqual(
    [minNodes, maxNodes, idleSeconds, vmSize, vmPriority],
    [0, 3, undefined, null, 'dedicated']
  );
});

test('what is missing is said without asking, and a check needs no name', async () => {
  const [form, rest] = await aForm('ssh');
  form.fill('name', ' ');
  form.set('port', 'twenty');
  await form.create();
  assert.deepEqual(
    [...form.wrong.keys()].sort(),
    ['name', 'setting-host', 'setting-port'],
    'at their fields'
  );
  assert.equal(rest.asked.length, 0);

  form.set('port', '22');
  form.set('host', 'far');
  await form.check();

  assert.deepEqual([form.found, rest.asked[0].name], ['all is there', 'unnamed']);
  form.set('host', 'farther');
  assert.equal(form.found, null, 'what was found is not there any more');
});

test('a refusal stands at the field that it names', async () => {
  const cases: [name: string, message: string, field: string | null][] = [
    ['Invalid', "host: there is no machine 'far'", 'setting-host'],
    ['Invalid', 'name: expected text', 'setting-name'],
    ['Invalid', 'min_nodes is 9 and max_nodes 4: there cannot be more at least', 'minNodes'],
    ['Invalid', "max_nodes: expected a whole number, got 'x'", 'maxNodes'],
    ['Invalid', 'idle_seconds_before_scaledown: -1 is less than 0', 'idleSeconds'],
    ['Invalid', "vm_size: 'huge' is no size that is known", 'vmSize'],
    ['Invalid', "'a b' cannot be the name of a compute target: use letters", 'name'],
    ['AlreadyExists', "there is another compute target 'new' already", 'name'],
    ['Unreachable', 'the machine does not answer', null]
  ];
  for (const [name, message, field] of cases) {
    const [form, rest] = await aForm('ssh');
    form.set('host', 'far');
    rest.failure = Object.assign(new Error(message), { name });

    assert.equal(await form.create(), null);

    assert.deepEqual([...form.wrong.keys()], field === null ? [] : [field], message);
    assert.equal(form.problem, field === null ? message : null);
  }
});

test('one thing is asked at a time, and what is written meanwhile was not checked', async () => {
  const [form, rest] = await aForm('ssh');
  form.set('host', 'far');
  const { answer, give } = underway<{ found: string }>();
  rest.checkTarget = () => answer;
  const checking = form.check();
  assert.equal(await form.create(), null);
  assert.equal(form.isBusy, 'check');

  form.set('host', 'near');
  give({ found: 'far is there' });
  await checking;

  assert.deepEqual([form.found, form.isBusy, rest.asked.length], [null, null, 0]);
});
