import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { BuildWatch } from '../src/models/building';
import { KernelsModel } from '../src/models/kernels';
import type { WireKernels } from '../src/wire';
import { anEnvironment, FakeServer, settled } from './samples';

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
    const model = new KernelsModel(world, world.onChange, 3000);
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
  const model = new KernelsModel(world, world.onChange, 60_000);
  const leave = model.watch();
  await settled();

  world.listeners.forEach(listener => listener());
  await settled();

  assert.equal(world.asked, 2);
  leave();
});

test('a build that a kernel waits for is told of from its first sign to its end', () => {
  const server = new FakeServer();
  const told: string[] = [];
  const watch = new BuildWatch('default', 'sklearn', server, {
    going: text => told.push(text),
    done: () => told.push('done'),
    failed: text => told.push(`failed: ${text}`)
  });
  watch.start();
  const say = (state: 'building' | 'failed' | 'ready', reason: string, name = 'sklearn') =>
    server.push({ type: 'environment', environment: anEnvironment({ name, state, reason }) });

  say('ready', '');
  say('building', 'other', 'churn');
  say('building', 'resolving');
  say('failed', 'No package is named nunpy');
  say('building', 'second try');
  watch.stop();

  assert.deepEqual(told, ['resolving', 'failed: No package is named nunpy', 'second try', 'done']);
  assert.equal(server.followers.length, 0);
});
