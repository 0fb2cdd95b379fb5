import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { rowsOf, runCode, RunsModel } from '../src/models/runs/runs';
import type { RunQuery } from '../src/tokens';
import type { WireRunPage } from '../src/wire';
import { aRun, FakeServer, settled, underway } from './samples';

const at = (second: number) => `2026-11-21T12:00:0${second}.000000Z`;

async function aList(server: FakeServer): Promise<RunsModel> {
  const list = new RunsModel(server);
  await list.refresh();
  list.start();
  return list;
}

test('a new run goes to the top and a known one stays where it is', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'b', createdAt: at(2) }), aRun({ runId: 'a', createdAt: at(1) })]];
  const list = await aList(server);

  server.push({ type: 'run', run: aRun({ runId: 'c', createdAt: at(3), seq: 9 }) });
  server.push({
    type: 'run',
    run: aRun({ runId: 'a', createdAt: at(1), seq: 10, status: 'Failed' })
  });

  assert.deepEqual(
    list.rows.map(run => `${run.runId} ${run.status}`),
    ['c Running', 'b Running', 'a Failed']
  );
  assert.equal(list.total, 3);
});

test('the head of a group counts the runs that are not loaded, too', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'b', createdAt: at(2) })], [aRun({ runId: 'a' })]];
  server.experiments = { diabetes: 280 };
  const list = await aList(server);
  const head = () => rowsOf(list.rows, true, new Set(), list.experiments)[0];
  assert.deepEqual(head(), { kind: 'group', name: 'diabetes', count: 280, isOpen: true });

  server.push({ type: 'run', run: aRun({ runId: 'c', createdAt: at(3), seq: 9 }) });
  assert.deepEqual(head(), { kind: 'group', name: 'diabetes', count: 281, isOpen: true });

  server.push({ type: 'deleted', runId: 'c' });
  assert.deepEqual(head(), { kind: 'group', name: 'diabetes', count: 280, isOpen: true });
});

test('a run that is deleted behind the end of the list is counted out, too', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const server = new FakeServer();
    server.pages = [[aRun({ runId: 'b', createdAt: at(2) })], [aRun({ runId: 'a' })]];
    server.experiments = { diabetes: 2 };
    const list = await aList(server);
    server.experiments = { diabetes: 1 };

    server.push({ type: 'deleted', runId: 'a' });
    mock.timers.tick(2_000);
    await settled();

    assert.equal(list.experiments.get('diabetes'), 1);
  } finally {
    mock.timers.reset();
  }
});

test('an old run that changes does not enter a list that is not loaded so far', async () => {
  const server = new FakeServer();
  server.pages = [
    [aRun({ runId: 'b', createdAt: at(2) })],
    [aRun({ runId: 'a', createdAt: at(1) })]
  ];
  const list = await aList(server);

  server.push({ type: 'run', run: aRun({ runId: 'a', createdAt: at(1), seq: 10 }) });

  assert.equal(list.rows.length, 1);
});

test('a page that was moved by new runs adds nothing twice', async () => {
  const server = new FakeServer();
  const [a, b] = [aRun({ runId: 'a', createdAt: at(1) }), aRun({ runId: 'b', createdAt: at(2) })];
  server.pages = [[b], [b, a]];
  const list = await aList(server);

  await list.more();

  assert.deepEqual(
    list.rows.map(run => run.runId),
    ['b', 'a']
  );
  assert.equal(list.hasMore, false);
});

test('a queue that moves up changes the reasons of those that wait, and of no others', async () => {
  const server = new FakeServer();
  const waits = { status: 'Queued', reason: '2 runs ahead' } as const;
  server.pages = [[aRun({ runId: 'a', ...waits }), aRun({ runId: 'b', status: 'Running' })]];
  const list = await aList(server);

  server.push({ type: 'reasons', reasons: { a: '1 run ahead', b: 'too late', c: 'elsewhere' } });

  assert.deepEqual(
    list.rows.map(run => run.reason),
    ['1 run ahead', null]
  );
});

test('a deleted run leaves the list', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const list = await aList(server);

  server.push({ type: 'deleted', runId: 'a', seq: 11 });

  assert.deepEqual([list.rows.length, list.total], [0, 0]);
});

test('runs stand under their experiment, that of the newest run first', () => {
  const runs = [
    aRun({ runId: 'c', experiment: 'churn' }),
    aRun({ runId: 'b', experiment: 'diabetes' }),
    aRun({ runId: 'a', experiment: 'churn' })
  ];

  const rows = rowsOf(runs, true, new Set(['diabetes']));

  assert.deepEqual(
    rows.map(row => (row.kind === 'group' ? `${row.name} ${row.count}` : row.run.runId)),
    ['churn 2', 'c', 'a', 'diabetes 1']
  );
});

test('what happens while a page is on its way is not undone by the page', async () => {
  const server = new FakeServer();
  const [a, b] = [aRun({ runId: 'a', createdAt: at(1) }), aRun({ runId: 'b', createdAt: at(2) })];
  server.pages = [[b, a]];
  const list = await aList(server);

  const loading = list.refresh();
  server.push({ type: 'run', run: { ...a, seq: 10, status: 'Completed' } });
  server.push({ type: 'run', run: aRun({ runId: 'c', createdAt: at(3), seq: 11 }) });
  server.push({ type: 'deleted', runId: 'b', seq: 12 });
  await loading;

  assert.deepEqual(
    list.rows.map(run => `${run.runId} ${run.status}`),
    ['c Running', 'a Completed']
  );
  assert.equal(list.total, 2);
});

test('children are asked for with their parent only, and a new one does not enter the list', async () => {
  const server = new FakeServer();
  const asked: (string | undefined)[] = [];
  const answer = server.rest.runs.bind(server.rest);
  server.rest.runs = query => {
    asked.push(query.filter);
    return answer(query);
  };
  const list = await aList(server);
  await list.show('default', 'status:failed');
  await list.show('default', 'parent:a');
  await list.show('default', '');

  server.push({ type: 'run', run: aRun({ runId: 'child', parentId: 'a', seq: 9 }) });

  assert.deepEqual(asked, ['parent:none', 'status:failed parent:none', 'parent:a', 'parent:none']);
  assert.equal(list.rows.length, 0);
});

/** From now on the test gives each answer; the clock of the list is the test's, too. */
function slowly(t: TestContext, server: FakeServer) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const asked: { query: RunQuery; give(page: Partial<WireRunPage>): void; fail(e: Error): void }[] =
    [];
  server.rest.runs = query => {
    const { answer, give, fail } = underway<WireRunPage>();
    const page = (part: Partial<WireRunPage>) =>
      give({ runs: [], total: 0, next: null, children: {}, ...part } as WireRunPage);
    asked.push({ query, give: page, fail });
    return answer;
  };
  return asked;
}

test('of two filters the one that was chosen last is shown, in whatever order they are answered', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  const asked = slowly(t, server);

  const asking = [list.show('default', 'status:failed'), list.show('default', 'ridge')];
  asked[1].give({ runs: [aRun({ runId: 'ridge' })], total: 1 });
  asked[0].give({ runs: [aRun({ runId: 'failed' })], total: 7, next: 'more' });
  await Promise.all(asking);

  assert.deepEqual(
    [list.rows.map(run => run.runId), list.total, list.hasMore],
    [['ridge'], 1, false]
  );
});

test('a next page of another filter is not put behind the runs of this one', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })], []];
  const list = await aList(server);
  const asked = slowly(t, server);

  const asking = [list.more(), list.show('default', 'ridge')];
  asked[1].give({ runs: [aRun({ runId: 'ridge' })], total: 1 });
  asked[0].give({ runs: [aRun({ runId: 'b' })], total: 2 });
  await Promise.all(asking);

  assert.deepEqual(
    list.rows.map(run => run.runId),
    ['ridge']
  );
});

test('a list that turns to another workspace out of sight takes no runs of the one before', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  const asked = slowly(t, server);

  const asking = list.refresh();
  list.aim('elsewhere', '');
  list.aim('default', '');
  asked[0].give({ runs: [aRun()], total: 1 });
  await asking;

  assert.deepEqual([list.rows, list.total, list.hasLoaded, list.isLoading], [[], 0, false, false]);
});

test('a list that turns to another filter out of sight takes no runs of the one before', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  const asked = slowly(t, server);

  const asking = list.refresh();
  list.aim('default', 'ridge');
  asked[0].give({ runs: [aRun()], total: 1 });
  await asking;

  assert.deepEqual([list.rows, list.total], [[], 0]);
});

test('counts that were asked for with another filter are not those of this one', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const list = await aList(server);
  const asked = slowly(t, server);

  server.push({ type: 'deleted', runId: 'not loaded', seq: 9 });
  mock.timers.tick(2_000);
  const asking = list.show('default', 'ridge');
  asked[1].give({ runs: [aRun({ runId: 'a' })], total: 1, experiments: { diabetes: 1 } });
  await asking;
  asked[0].give({ total: 280, experiments: { diabetes: 280 }, children: { a: 3 } });
  await settled();

  assert.deepEqual(
    [list.total, list.experiments.get('diabetes'), list.children.get('a')],
    [1, 1, undefined]
  );
});

test('what changes while it is counted is counted again', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a', createdAt: at(1) })]];
  const list = await aList(server);
  const asked = slowly(t, server);
  server.push({ type: 'run', run: aRun({ runId: 'child', parentId: 'a', seq: 9 }) });
  mock.timers.tick(2_000);

  server.push({ type: 'run', run: aRun({ runId: 'b', createdAt: at(2), seq: 10 }) });
  asked[0].give({ total: 1, experiments: { diabetes: 1 }, children: { a: 1 } });
  await settled();
  mock.timers.tick(2_000);
  assert.equal(asked.length, 2);
  asked[1].give({ total: 2, experiments: { diabetes: 2 }, children: { a: 1 } });
  await settled();
  mock.timers.tick(10_000);

  server.push({ type: 'run', run: aRun({ runId: 'c', createdAt: at(3), seq: 11 }) });
  mock.timers.tick(10_000);

  assert.equal(asked.length, 2, 'nothing is on its way that may have been made before');
  assert.deepEqual([list.total, list.children.get('a')], [3, 1]);
});

test('many changes are counted once, also those that come while it is counted', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  await aList(server);
  const asked = slowly(t, server);
  const born = (runId: string, seq: number) =>
    server.push({ type: 'run', run: aRun({ runId, parentId: 'a', seq }) });

  born('b', 2);
  born('c', 3);
  mock.timers.tick(2_000);
  assert.equal(asked.length, 1);
  born('d', 4);
  born('e', 5);
  mock.timers.tick(1_000);
  asked[0].give({ runs: [aRun({ runId: 'a' })], children: { a: 2 } });
  await settled();
  mock.timers.tick(1_000);

  assert.equal(asked.length, 2, 'an answer does not begin the time anew');
});

test('what cannot be counted keeps its counts, and is counted at the next change', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const list = await aList(server);
  const asked = slowly(t, server);
  const born = (seq: number) =>
    server.push({ type: 'run', run: aRun({ runId: `c${seq}`, parentId: 'a', seq }) });

  born(2);
  mock.timers.tick(2_000);
  asked[0].fail(new Error('the engine is away'));
  await settled();
  assert.deepEqual([list.total, list.problem], [1, null]);
  born(3);
  mock.timers.tick(2_000);
  asked[1].give({ runs: [aRun({ runId: 'a' })], total: 1, children: { a: 2 } });
  await settled();

  assert.equal(list.children.get('a'), 2);
});

test('a list that is out of sight counts nothing', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  const asked = slowly(t, server);

  server.push({ type: 'deleted', runId: 'not loaded', seq: 9 });
  list.stop();
  mock.timers.tick(10_000);

  assert.equal(asked.length, 0);
});

test('a run that an older event tells of stays as it is', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a', seq: 5, status: 'Completed' })]];
  const list = await aList(server);

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 4 }) });

  assert.equal(list.find('a')?.status, 'Completed');
  assert.deepEqual(list.ask(), {
    type: 'subscribe',
    topic: 'runs',
    workspace: 'default',
    seq: 5
  });
});

test('with a filter only the server knows where a change leads, and is asked once for many', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const list = await aList(server);
  await list.show('default', 'status:running');
  const asked = slowly(t, server);

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 2, status: 'Failed' }) });
  server.push({ type: 'run', run: aRun({ runId: 'b', seq: 3 }) });
  assert.deepEqual(
    list.rows.map(run => `${run.runId} ${run.status}`),
    ['a Failed']
  );
  mock.timers.tick(600);
  asked[0].give({ runs: [aRun({ runId: 'b', seq: 3 })], total: 1 });
  await settled();
  mock.timers.tick(10_000);

  assert.deepEqual([asked.length, list.rows.map(run => run.runId)], [1, ['b']]);
});

test('a list with a filter is brought up to date while runs go on changing', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  await list.show('default', 'status:running');
  const asked = slowly(t, server);
  const change = (times: number) => {
    for (let i = 0; i < times; i++) {
      server.push({ type: 'run', run: aRun({ runId: 'a', seq: 2 + i }) });
      mock.timers.tick(100);
    }
  };

  change(20);
  assert.equal(asked.length, 1, 'a slow answer is waited for, or none would ever be shown');
  asked[0].give({ runs: [aRun({ runId: 'a' })], total: 1 });
  await settled();
  assert.equal(list.total, 1);
  change(20);

  assert.equal(asked.length, 2);
});

test('a list that is loaded anew does not ask once more for what it settles by that', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const list = await aList(server);
  await list.show('default', 'status:running');
  const asked = slowly(t, server);

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 2, status: 'Failed' }) });
  void list.refresh();
  mock.timers.tick(10_000);

  assert.equal(asked.length, 1);
});

test('who scrolls on while a page is on its way asks for it once', async t => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })], []];
  const list = await aList(server);
  const asked = slowly(t, server);

  const asking = [list.more(), list.more()];
  asked[0].give({ runs: [aRun({ runId: 'b' })], total: 2 });
  await Promise.all(asking);
  await list.more();

  assert.equal(asked.length, 1);
  assert.deepEqual(
    list.rows.map(run => run.runId),
    ['a', 'b']
  );
});

test('an answer about a run of another workspace changes nothing and tells nothing', async () => {
  const server = new FakeServer();
  const list = await aList(server);
  let told = 0;
  list.changed.subscribe(() => (told += 1));

  list.take(aRun({ workspace: 'elsewhere' }));
  assert.deepEqual([list.rows.length, told], [0, 0]);
  list.take(aRun());

  assert.deepEqual([list.rows.length, told], [1, 1]);
});

test('a run of the same moment as the last one that is loaded enters the list', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a', createdAt: at(1) })], []];
  const list = await aList(server);

  server.push({ type: 'run', run: aRun({ runId: 'b', createdAt: at(1), seq: 2 }) });

  assert.deepEqual(
    list.rows.map(run => run.runId),
    ['b', 'a']
  );
});

test('a run that has lost its children is no longer said to have any', async t => {
  const server = new FakeServer();
  const list = await aList(server);
  const asked = slowly(t, server);
  const asking = [list.refresh()];
  asked[0].give({ runs: [aRun({ runId: 'a' }), aRun({ runId: 'b' })], children: { a: 2, b: 1 } });
  await asking[0];
  asking.push(list.refresh());
  asked[1].give({ runs: [aRun({ runId: 'a' }), aRun({ runId: 'b' })], children: { a: 1 } });
  await asking[1];

  assert.deepEqual([...list.children], [['a', 1]]);
});

test('what goes wrong on the socket is said', async () => {
  const server = new FakeServer();
  const list = await aList(server);

  server.push({
    type: 'problem',
    runId: null,
    problem: { error: 'Busy', message: 'The server is busy.' }
  } as never);

  assert.equal(list.problem, 'The server is busy.');
});

test('the code that gets a run is code, whatever its workspace is called', () => {
  assert.match(runCode(aRun({ workspace: 'a"b', runId: 'r' })), /get\("a\\"b"\)\n.*"r"\)$/);
});
