import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { KernelsModel } from '../src/models/compute/kernels';
import { BuildWatch } from '../src/models/environments/building';
import type { EnvironmentState, WireKernels, WireMaterialised } from '../src/wire';
import { settled, underway } from './samples';

class FakeKernels {
  asked = 0;
  listeners = new Set<() => void>();
  answer: WireKernels = { specs: [], running: [] };

  async kernels() {
    this.asked += 1;
    return this.answer;
  }

  readonly onChange = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
}

test('kernels are asked for again while they are seen, and not any more afterwards', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const world = new FakeKernels();
    const model = new KernelsModel(world, { subscribe: world.onChange }, 3000);
    const leave = model.watch();
    await settled();
    mock.timers.tick(3000);
    await settled();
    assert.equal(world.asked, 2);

    leave();
    mock.timers.tick(60_000);
    await settled();
    assert.equal(world.asked, 2);
    assert.equal(world.listeners.size, 0);
  } finally {
    mock.timers.reset();
  }
});

test('a kernel that Jupyter starts is asked for at once', async () => {
  const world = new FakeKernels();
  const model = new KernelsModel(world, { subscribe: world.onChange }, 60_000);
  const leave = model.watch();
  await settled();

  world.listeners.forEach(listener => listener());
  await settled();

  assert.equal(world.asked, 2);
  leave();
});

async function tellings(...states: [state: EnvironmentState, reason: string | null][]) {
  const told: string[] = [];
  const rest = {
    async buildState() {
      const [state, reason] = states.shift() ?? ['ready', null];
      return { state, reason, interpreter: null, image: null, variables: {}, warnings: [] };
    }
  };
  const wanted = { workspace: 'default', name: 'sklearn' };
  await new Promise<void>(resolve => {
    const watch = new BuildWatch(
      wanted,
      rest,
      {
        going: text => told.push(text),
        done: () => told.push('done'),
        failed: text => told.push(`failed: ${text}`)
      },
      0
    );
    watch.start();
    const look = () => {
      if (states.length === 0) {
        setImmediate(() => {
          watch.stop();
          resolve();
        });
      } else {
        setImmediate(look);
      }
    };
    look();
  });
  return told;
}

test('a build that a kernel waits for is told of from its first sign to its end', async () => {
  const told = await tellings(
    ['not built', null],
    ['building', 'resolving'],
    ['building', 'resolving'],
    ['building', '3 of 7 packages'],
    ['ready', null]
  );

  assert.deepEqual(told, ['resolving', '3 of 7 packages', 'done']);
});

test('a build that fails while a kernel waits is told with its cause', async () => {
  const told = await tellings(
    ['failed', 'an old story'],
    ['building', 'resolving'],
    ['failed', 'No package is named nunpy']
  );

  assert.deepEqual(told, ['resolving', 'failed: No package is named nunpy']);
});

test('where all is built nothing is told', async () => {
  assert.deepEqual(await tellings(['ready', null]), []);
});

test('what was asked of an earlier start says nothing of this one', async () => {
  const answers = [underway<WireMaterialised>(), underway<WireMaterialised>()];
  const told: string[] = [];
  let asked = 0;
  const state = (state: EnvironmentState, reason: string | null) =>
    ({ state, reason, interpreter: null, image: null, variables: {}, warnings: [] }) as never;
  const watch = new BuildWatch(
    { workspace: 'default', name: 'sklearn' },
    { buildState: () => answers[asked++].answer },
    { going: text => told.push(text), done: () => told.push('done'), failed: () => {} },
    60_000
  );

  watch.start();
  watch.stop();
  watch.start();
  answers[0].give(state('ready', null));
  await settled();
  answers[1].give(state('building', 'resolving'));
  await settled();
  watch.stop();

  assert.deepEqual([asked, told], [2, ['resolving', 'done']]);
});
