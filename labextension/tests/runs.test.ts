import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { rowsOf, RunsModel } from '../src/models/runs/runs';
import { aRun, FakeServer, settled } from './samples';

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
