import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActiveRuns } from '../src/models/runs/active';
import type { RunQuery } from '../src/tokens';
import type { WireRun, WireRunPage } from '../src/wire';
import { aRun, FakeServer, settled, underway } from './samples';

async function watched(server: FakeServer): Promise<{ active: ActiveRuns; ended: string[] }> {
  const active = new ActiveRuns(server);
  const ended: string[] = [];
  active.onEnd = (run: WireRun) => ended.push(`${run.runId} ${run.status}`);
  active.start();
  await settled();
  return { active, ended };
}

const aPage = (...runs: WireRun[]): WireRunPage =>
  ({ runs, total: runs.length, next: null }) as WireRunPage;

/** From now on each list that is asked for stays on its way until the test gives it. */
function slowly(server: FakeServer) {
  const lists: { workspace: string; give(page: WireRunPage): void; fail(error: Error): void }[] =
    [];
  server.rest.runs = ({ workspace }: RunQuery) => {
    const { answer, give, fail } = underway<WireRunPage>();
    lists.push({ workspace, give, fail });
    return answer;
  };
  return lists;
}

const ids = (active: ActiveRuns): string[] => active.runs.map(run => run.runId);

test('a run is counted from its start to its end, and its end is told once', async () => {
  const server = new FakeServer();
  const { active, ended } = await watched(server);
  let met = 0;
  active.met.subscribe(() => (met += 1));

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 1, status: 'Queued' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 2 }) });
  assert.deepEqual(
    active.runs.map(run => run.status),
    ['Running']
  );

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3, status: 'Failed' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3, status: 'Failed' }) });
  assert.deepEqual([active.runs.length, ended, met], [0, ['a Failed'], 1]);
});

test('runs that ended before, of other workspaces, and children are nobodys news', async () => {
  const server = new FakeServer();
  const { active, ended } = await watched(server);

  server.push({ type: 'run', run: aRun({ runId: 'old', status: 'Completed' }) });
  server.push({ type: 'run', run: aRun({ runId: 'other', workspace: 'elsewhere' }) });
  server.push({ type: 'run', run: aRun({ runId: 'child', parentId: 'a' }) });

  assert.deepEqual([active.runs.length, ended], [0, []]);
});

test('what ended while there was no connection is told when it is back', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const { active, ended } = await watched(server);
  assert.equal(active.runs.length, 1);

  server.pages = [[]];
  server.rest.run = async () => aRun({ runId: 'a', seq: 9, status: 'Completed' });
  await active.refresh();

  assert.deepEqual([active.runs.length, ended], [0, ['a Completed']]);
});

test('a run that ended or was deleted is not taken back by a list that was made before', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' }), aRun({ runId: 'b' })]];
  const { active, ended } = await watched(server);
  let met = 0;
  active.met.subscribe(() => (met += 1));
  const lists = slowly(server);

  const asking = active.refresh();
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 5, status: 'Completed' }) });
  server.push({ type: 'deleted', runId: 'b', seq: 6 });
  server.push({ type: 'run', run: aRun({ runId: 'c', seq: 7, status: 'Failed' }) });
  lists[0].give(aPage(aRun({ runId: 'a' }), aRun({ runId: 'b' }), aRun({ runId: 'c' })));
  await asking;

  assert.deepEqual([ids(active), ended, met], [[], ['a Completed'], 0]);
});

test('what the socket tells late of a run whose end was asked for is no news', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const { active, ended } = await watched(server);
  server.pages = [[]];
  server.rest.run = async () => aRun({ runId: 'a', seq: 9, status: 'Canceled' });
  await active.refresh();

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 8, status: 'CancelRequested' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 9, status: 'Canceled' }) });

  assert.deepEqual([ids(active), ended], [[], ['a Canceled']]);
});

test('of two lists the one that was asked for last counts, in whatever order they come', async () => {
  const server = new FakeServer();
  const { active, ended } = await watched(server);
  const lists = slowly(server);

  const asking = [active.refresh(), active.refresh()];
  lists[1].give(aPage(aRun({ runId: 'new', seq: 3 })));
  lists[0].give(aPage(aRun({ runId: 'old', seq: 2 })));
  await Promise.all(asking);

  assert.deepEqual([ids(active), ended, active.isKnown], [['new'], [], true]);
});

test('a list that fails late does not take away what a later one told', async () => {
  const server = new FakeServer();
  const { active } = await watched(server);
  const lists = slowly(server);

  const asking = [active.refresh(), active.refresh()];
  lists[1].give(aPage(aRun()));
  await asking[1];
  lists[0].fail(new Error('the connection broke'));
  await asking[0];

  assert.equal(active.isKnown, true);
});

test('a workspace that is come back to shows nothing of what was asked for before', async () => {
  const server = new FakeServer();
  const { active } = await watched(server);
  const lists = slowly(server);
  const asking = active.refresh();

  active.show('elsewhere');
  active.show('default');
  lists[0].give(aPage(aRun({ runId: 'ended meanwhile' })));
  await asking;

  assert.deepEqual(
    lists.map(list => list.workspace),
    ['default', 'elsewhere', 'default']
  );
  assert.deepEqual([ids(active), active.isKnown], [[], false]);
  lists[2].give(aPage(aRun({ runId: 'goes on' })));
  await settled();
  assert.deepEqual([ids(active), active.isKnown], [['goes on'], true]);
});

test('a run that is asked for does not follow into another workspace', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'a' })]];
  const { active, ended } = await watched(server);
  server.pages = [[]];
  const { answer, give } = underway<WireRun>();
  server.rest.run = () => answer;
  const asking = active.refresh();
  await settled();

  active.stop();
  active.show('elsewhere');
  give(aRun({ runId: 'a', seq: 2 }));
  await asking;

  assert.deepEqual([ids(active), ended, active.isKnown], [[], [], false]);
});

test('a run that cannot be asked for is not taken for one that was deleted', async () => {
  const server = new FakeServer();
  server.pages = [[aRun({ runId: 'gone' }), aRun({ runId: 'there' })]];
  const { active, ended } = await watched(server);
  server.pages = [[]];
  const answers = { gone: 404, there: 503 } as Record<string, number>;
  server.rest.run = async id => {
    throw Object.assign(new Error('no'), { status: answers[id] });
  };

  await active.refresh();
  const unsure = active.isKnown;
  answers.there = 404;
  await active.refresh();

  assert.deepEqual([unsure, active.isKnown, ids(active), ended], [false, true, [], []]);
});
