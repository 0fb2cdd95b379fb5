import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunLibrary } from '../src/models/run/library';
import { CONSOLE } from '../src/models/run/logNames';
import { RunModel } from '../src/models/run/run';
import type { LogPiece } from '../src/tokens';
import type { WireFiles, WireRun } from '../src/wire';
import { aCard, aRun, aSeries, FakeServer, settled, underway } from './samples';

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

/** A run that is followed, with a server whose answers the test gives. */
function aFollowed(server = new FakeServer()) {
  const run = new RunModel('diabetes_1_a', server);
  const lists: { give(...names: string[]): void; fail(error: Error): void }[] = [];
  const tails: { give(piece: LogPiece): void; fail(error: Error): void }[] = [];
  server.rest.filesPage = () => {
    const { answer, give, fail } = underway<WireFiles>();
    const page = (...names: string[]) => {
      const files = names.map(name => ({ name, size: 1, modified: 0 }));
      give({ runId: run.runId, files, total: files.length, next: null });
    };
    lists.push({ give: page, fail });
    return answer;
  };
  server.rest.logTail = () => {
    const { answer, give, fail } = underway<LogPiece>();
    tails.push({ give, fail });
    return answer;
  };
  return { server, run, lists, tails };
}

const named = (run: RunModel) => run.files.map(file => file.name);
const lines = (run: RunModel) => {
  const log = run.log(CONSOLE);
  return Array.from({ length: log.count }, (_, i) => log.text(i));
};
const piece = (text: string, offset = 0): LogPiece => ({
  text,
  offset,
  end: offset + text.length,
  size: offset + text.length
});

test('a run that writes many files is listed one time after the other, and to the last', async () => {
  const { server, run, lists } = aFollowed();
  run.start();

  server.push({ type: 'files', runId: run.runId });
  server.push({ type: 'files', runId: run.runId });
  assert.equal(lists.length, 1);
  lists[0].give('a');
  await settled();
  assert.deepEqual([named(run), lists.length], [['a'], 2]);
  lists[1].give('a', 'b');
  await settled();

  assert.deepEqual([named(run), run.fileCount, lists.length], [['a', 'b'], 2, 2]);
  run.stop();
});

test('files that cannot be listed leave those that were, and can be listed again', async () => {
  const { server, run, lists } = aFollowed();
  run.start();
  lists[0].give('a');
  await settled();

  server.push({ type: 'files', runId: run.runId });
  lists[1].fail(new Error('the disk is away'));
  await settled();
  assert.deepEqual([named(run), run.problem], [['a'], 'the disk is away']);
  server.push({ type: 'files', runId: run.runId });
  lists[2].give('a', 'b');
  await settled();

  assert.deepEqual(named(run), ['a', 'b']);
  run.stop();
});

test('the first thing that went wrong is what is told', async () => {
  const { run, lists } = aFollowed();
  run.start();

  run.hear({
    type: 'problem',
    runId: run.runId,
    problem: { error: 'NotFound', message: 'There is no run diabetes_1_a.' }
  });
  lists[0].fail(new Error('404'));
  await settled();

  assert.equal(run.problem, 'There is no run diabetes_1_a.');
  run.stop();
});

test('an end of a log that comes late does not take back what the log said since', async () => {
  const { run, tails } = aFollowed();
  run.readLog(CONSOLE);
  run.start();

  run.hear({ type: 'log', runId: run.runId, name: CONSOLE, ...piece('one\ntwo\n') });
  tails[0].give(piece('one\n'));
  await settled();

  assert.deepEqual([lines(run), run.ask().logs], [['one', 'two'], { [CONSOLE]: 8 }]);
  run.stop();
});

test('a log that is not there yet is followed from its beginning', async () => {
  const { server, run, tails } = aFollowed();
  run.readLog(CONSOLE);
  run.start();
  assert.deepEqual(run.ask().logs, {}, 'until its end is known it is not asked for');

  tails[0].fail(new Error('there is no log'));
  await settled();

  assert.deepEqual((server.asked.at(-1) as { logs: object }).logs, { [CONSOLE]: 0 });
  run.stop();
});

test('after an absence a log is read on, not anew, and two who read it read it once', async () => {
  const { run, tails } = aFollowed();
  run.start();
  const [one, other] = [run.readLog(CONSOLE), run.readLog(CONSOLE)];
  tails[0].give(piece('one\n'));
  await settled();

  run.link({ state: 'offline', message: '' });
  run.link({ state: 'online', message: '' });
  assert.equal(tails.length, 1);
  one();
  assert.deepEqual(run.ask().logs, { [CONSOLE]: 4 });
  other();

  assert.deepEqual(run.ask().logs, {});
  run.stop();
});

test('a curve that was thinned out on the page is asked for as a whole when the run ends', () => {
  const cursors = (count: number) => {
    const server = new FakeServer();
    const run = new RunModel('diabetes_1_a', server);
    run.start();
    run.hear({ type: 'run', run: aRun() });
    const series = { loss: { ...aSeries([1, 2]), count } };
    const metrics = { runId: run.runId, series, values: {}, cursor: 5 };
    run.hear({ type: 'metrics', replace: true, metrics });
    server.asked.length = 0;
    run.hear({ type: 'run', run: aRun({ seq: 2, status: 'Completed' }) });
    run.hear({ type: 'run', run: aRun({ seq: 3, status: 'Completed' }) });
    run.stop();
    return server.asked.map(asked => (asked as { metrics?: number }).metrics);
  };

  assert.deepEqual(cursors(2), []);
  assert.deepEqual(cursors(900), [undefined], 'once, and from the beginning');
});

test('of very many values the last are kept', () => {
  const run = new RunModel('diabetes_1_a');
  const values = Array.from({ length: 1_500 }, (_, i) => ({ value: `v${i}`, step: i, time: i }));
  const push = (part: object[], replace: boolean) =>
    run.hear({
      type: 'metrics',
      replace,
      metrics: { runId: run.runId, series: {}, values: { note: part as never }, cursor: 1 }
    });

  push(values.slice(0, 900), true);
  push(values.slice(900), false);
  const kept = run.values.get('note')!;
  assert.deepEqual([kept.length, kept[0].value, kept.at(-1)!.value], [1_000, 'v500', 'v1499']);
  push(values.slice(0, 1), true);

  assert.equal(run.values.get('note')!.length, 1);
});

test('a stored card makes the page ask for nothing elsewhere', () => {
  const run = new RunModel('diabetes_1_a');
  const good = 'data:image/png;base64,AAAA';

  run.restore(aCard({ images: { good, bad: 'https://example.org/a.png', worse: `${good}"` } }));

  assert.deepEqual([...run.pictures], [['good', good]]);
});

test('the answer to a cancel is taken, unless an event was faster', async () => {
  const { server, run } = aFollowed();
  const { answer, give } = underway<WireRun>();
  server.rest.cancel = () => answer;
  run.hear({ type: 'run', run: aRun({ seq: 1 }) });

  const canceling = run.cancel();
  run.hear({ type: 'run', run: aRun({ seq: 3, status: 'Canceled' }) });
  give(aRun({ seq: 2, status: 'CancelRequested' }));
  await canceling;

  assert.equal(run.run?.status, 'Canceled');
});

test('a stored card of very many curves holds the ends of each, and of few all their look', () => {
  const kept = (curves: number) => {
    const run = new RunModel('diabetes_1_a', new FakeServer());
    run.hear({ type: 'run', run: aRun() });
    const long = aSeries(Array.from({ length: 60 }, (_, i) => i));
    const names = Array.from({ length: curves }, (_, i) => `layer.${i}`);
    const series = Object.fromEntries(names.map(name => [name, long]));
    const metrics = { runId: run.runId, series, values: {}, cursor: 1 };
    run.hear({ type: 'metrics', replace: true, metrics });
    return Object.values(run.card()!.metrics!.series);
  };

  assert.deepEqual(
    kept(12).map(one => one.x.length),
    Array(12).fill(60)
  );
  const many = kept(9_000);
  assert.equal(many.length, 9_000);
  assert.ok(many.flatMap(one => one.x).length <= 50_000);
  assert.ok(many.every(({ x, count }) => x[0] === 0 && x.at(-1) === 59 && count === 60));
});
