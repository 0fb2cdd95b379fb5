import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunLibrary } from '../src/models/run/library';
import { CONSOLE } from '../src/models/run/logNames';
import { RunModel } from '../src/models/run/run';
import { aCard, aRun, aSeries, FakeServer, settled } from './samples';

test('a newer state replaces an older one and never the other way round', () => {
  const run = new RunModel('diabetes_1_a', new FakeServer());
  run.hear({ type: 'run', run: aRun({ seq: 5, status: 'Completed' }) });

  run.hear({ type: 'run', run: aRun({ seq: 4, status: 'Running' }) });
  run.restore(aCard({ run: aRun({ seq: 3 }) }));

  assert.equal(run.run?.status, 'Completed');
});

test('a stored card, however new it says it is, gives way to what the server says', () => {
  const run = new RunModel('diabetes_1_a', new FakeServer());
  run.restore(aCard({ run: aRun({ seq: 1e9, displayName: 'made up' }) }));

  run.hear({ type: 'run', run: aRun({ seq: 5, displayName: 'true' }) });
  run.restore(aCard({ run: aRun({ seq: 2e9, displayName: 'made up' }) }));

  assert.equal(run.run?.displayName, 'true');
});

test('a run that waits hears its new place, and nothing of it once it runs', () => {
  const run = new RunModel('diabetes_1_a', new FakeServer());
  run.hear({ type: 'run', run: aRun({ seq: 5, status: 'Queued', reason: '2 runs ahead' }) });
  run.hear({ type: 'reasons', reasons: { diabetes_1_a: '1 run ahead' } });
  const waiting = run.run?.reason;
  run.hear({ type: 'run', run: aRun({ seq: 6, status: 'Running', reason: null }) });
  run.hear({ type: 'reasons', reasons: { diabetes_1_a: 'next' } });

  assert.deepEqual([waiting, run.run?.reason], ['1 run ahead', null]);
});

test('a log is asked for from the byte where its tail ended', async () => {
  const server = new FakeServer();
  server.logs[CONSOLE] = 'epoch 1\n';
  const run = new RunModel('diabetes_1_a', server);
  run.readLog(CONSOLE);

  run.start();
  await settled();

  assert.deepEqual((server.asked.at(-1) as { logs: object }).logs, { [CONSOLE]: 8 });
});

test('a log that nobody reads is not asked for', async () => {
  const server = new FakeServer();
  const run = new RunModel('diabetes_1_a', server);
  const close = run.readLog(CONSOLE);
  run.start();
  await settled();

  close();

  assert.deepEqual((server.asked.at(-1) as { logs: object }).logs, {});
});

test('new points are appended, and a whole series replaces', () => {
  const run = new RunModel('diabetes_1_a', new FakeServer());
  const push = (x: number[], replace: boolean, at: number) =>
    run.hear({
      type: 'metrics',
      replace,
      metrics: { runId: run.runId, series: { loss: aSeries(x) }, values: {}, cursor: at }
    });

  push([1, 2], true, 10);
  push([3], false, 20);
  assert.deepEqual(run.series.get('loss')?.x, [1, 2, 3]);
  assert.deepEqual(run.ask().metrics, 20);
  push([1, 3], true, 30);
  assert.deepEqual(run.series.get('loss')?.x, [1, 3]);
});

test('what comes in several messages is whole with the last of them', () => {
  const run = new RunModel('diabetes_1_a', new FakeServer());
  const push = (name: string, cursor: number | null) =>
    run.hear({
      type: 'metrics',
      replace: true,
      metrics: { runId: run.runId, series: { [name]: aSeries([1]) }, values: {}, cursor }
    });

  push('loss', 10);
  push('a', null);
  const between = run.ask().metrics;
  push('b', 30);

  assert.deepEqual([between, run.ask().metrics], [undefined, 30]);
  assert.deepEqual([...run.series.keys()], ['loss', 'a', 'b']);
});

test('after a gap the run is asked for again', () => {
  const server = new FakeServer();
  const run = new RunModel('diabetes_1_a', server);
  run.start();
  const before = server.asked.length;

  server.push({ type: 'gap', runId: run.runId });

  assert.equal(server.asked.length, before + 1);
});

test('a stored card brings back what was kept', () => {
  const run = new RunModel('diabetes_1_a');
  run.restore(aCard({ log: { name: CONSOLE, offset: 0, text: 'hello\n', size: 6 } }));

  const again = new RunModel('diabetes_1_a');
  again.restore(run.card()!);

  assert.equal(again.log(CONSOLE).text(0), 'hello');
});

test('two views of a run are one subscription', () => {
  const server = new FakeServer();
  const library = new RunLibrary(server);
  const [first, second] = [library.follow('r'), library.follow('r')];
  assert.equal(server.followers.length, 1);

  first();
  first();
  assert.equal(server.followers.length, 1);
  second();
  assert.equal(server.followers.length, 0);
});
