import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ChildrenModel } from '../src/models/run/children';
import type { RunQuery } from '../src/tokens';
import type { WireRun, WireRunPage } from '../src/wire';
import { aRun, FakeServer, settled, underway } from './samples';

const COUNT = 10_000;

/** A server with so many children of one run, and what was asked of it. */
function aFamily(count = COUNT) {
  const family = { count };
  const server = new FakeServer();
  const asked: RunQuery[] = [];
  const kin = (i: number) =>
    aRun({ runId: `p_${i}`, number: i, seq: i + 1, parentId: 'p', metrics: { loss: i } });
  server.rest.runs = async query => {
    asked.push(query);
    const { count } = family;
    const from = Number(query.after ?? 0);
    const end = Math.min(count, from + (query.limit ?? 50));
    const runs = Array.from({ length: end - from }, (_, i) => kin(from + i));
    return { runs, total: count, next: end < count ? String(end) : null, children: {} };
  };
  return { server, asked, kin, family, children: new ChildrenModel(server, 'default', 'p') };
}

test('of many children those are here that are looked at', async () => {
  const { children, asked } = aFamily();
  children.start();
  await settled();
  assert.deepEqual([children.total, asked.length], [COUNT, 1]);
  assert.equal(asked[0].filter, 'parent:p');

  await children.want(9_900, 9_950);

  assert.equal(children.row(9_910)?.runId, 'p_9910');
  const here = Array.from({ length: COUNT }, (_, i) => children.row(i)).filter(row => row !== null);
  assert.ok(here.length <= 2_000);
});

test('another order begins at the top', async () => {
  const { children, asked } = aFamily(1_200);
  children.start();
  await settled();

  await children.order('-metric.loss');

  assert.deepEqual([asked.at(-1)!.sort, asked.at(-1)!.after], ['-metric.loss', null]);
});

test('a child that changes is changed where it stands, and one of another parent is passed over', async () => {
  const { children, server, kin } = aFamily(3);
  children.start();
  await settled();

  server.push({ type: 'run', run: { ...kin(1), seq: 99, status: 'Completed' } });
  server.push({ type: 'run', run: aRun({ runId: 'p_2', seq: 99, parentId: 'q', number: 77 }) });

  assert.deepEqual([children.row(1)?.status, children.row(2)?.number], ['Completed', 2]);
  assert.deepEqual(children.ask(), {
    type: 'subscribe',
    topic: 'runs',
    workspace: 'default',
    parentId: 'p',
    seq: 99
  });
  children.stop();
});

test('the first child of a run is shown, and so are those that come while a page is on its way', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { children, server, asked, kin, family } = aFamily(0);
  children.start();
  await settled();
  assert.deepEqual([children.hasLoaded, children.total], [true, 0]);

  family.count = 1_700;
  server.push({ type: 'run', run: kin(0) });
  mock.timers.tick(1_000);
  await settled();
  assert.equal(children.total, 1_700);

  await children.want(1_600, 1_620);
  asked.length = 0;
  family.count = 1_800;
  server.push({ type: 'run', run: kin(1_700) });
  mock.timers.tick(1_000);
  await settled();

  assert.deepEqual([children.total, children.row(1_610)?.number], [1_800, 1_610]);
  assert.deepEqual(
    asked.map(({ after }) => after),
    ['1500'],
    'the pages before it are as they were'
  );
  children.stop();
  mock.timers.reset();
});

test('after a deletion the pages are counted anew', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { children, server, asked } = aFamily(1_200);
  children.start();
  await settled();
  await children.want(600, 620);
  asked.length = 0;

  server.push({ type: 'deleted', runId: 'p_3', seq: 2_000 });
  mock.timers.tick(1_000);
  await settled();

  assert.deepEqual(
    asked.map(({ after }) => after),
    [null, '500']
  );
  children.stop();
  mock.timers.reset();
});

test('what goes wrong is said, and can be tried again', async () => {
  const { children, server } = aFamily(3);
  const runs = server.rest.runs;
  server.rest.runs = async () => {
    throw new Error('the engine is away');
  };
  children.start();
  await settled();
  assert.equal(children.problem, 'the engine is away');

  server.rest.runs = runs;
  await children.retry();

  assert.deepEqual([children.problem, children.total], [null, 3]);
  children.stop();
});

/** The same, with answers that stay on their way until the test gives them. */
function aSlowFamily() {
  const { server, children, kin } = aFamily();
  const asked: { query: RunQuery; give(...runs: WireRun[]): void; fail(error: Error): void }[] = [];
  server.rest.runs = query => {
    const { answer, give, fail } = underway<WireRunPage>();
    const page = (...runs: WireRun[]) =>
      give({ runs, total: runs.length, next: null } as WireRunPage);
    asked.push({ query, give: page, fail });
    return answer;
  };
  const ids = () => Array.from({ length: children.total }, (_, i) => children.row(i)?.runId);
  return { server, children, kin, asked, ids };
}

test('children in an order that was left are not shown in the next one', async () => {
  const { children, kin, asked, ids } = aSlowFamily();
  children.start();

  const ordering = children.order('-metric.loss');
  asked[0].give(kin(0), kin(1));
  await settled();
  assert.deepEqual([children.hasLoaded, children.total], [false, 0]);
  assert.deepEqual([asked.length, asked[1].query.sort], [2, '-metric.loss']);
  asked[1].give(kin(1), kin(0));
  await ordering;
  await settled();

  assert.deepEqual(ids(), ['p_1', 'p_0']);
  children.stop();
});

test('a failure of an order that was left is none of the next one', async () => {
  const { children, kin, asked, ids } = aSlowFamily();
  children.start();

  void children.order('-metric.loss');
  asked[0].fail(new Error('too late'));
  await settled();
  assert.equal(children.problem, null);
  asked[1].give(kin(1), kin(0));
  await settled();

  assert.deepEqual([children.problem, ids()], [null, ['p_1', 'p_0']]);
  children.stop();
});

test('what a child did while its page was on its way is shown in the end', async t => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { server, children, kin, asked } = aSlowFamily();
  children.start();

  server.push({ type: 'run', run: { ...kin(0), seq: 8 } });
  server.push({ type: 'run', run: { ...kin(0), seq: 9, status: 'Completed' } });
  asked[0].give(kin(0));
  await settled();
  mock.timers.tick(1_000);
  await settled();
  assert.equal(asked.length, 2, 'once for many changes');
  asked[1].give({ ...kin(0), seq: 9, status: 'Completed' });
  await settled();
  mock.timers.tick(1_000);

  assert.equal(asked.length, 2);
  assert.equal(children.row(0)?.status, 'Completed');
  children.stop();
});

test('an older state of a child does not take the place of a newer one', async () => {
  const { children, server, kin } = aFamily(3);
  children.start();
  await settled();

  server.push({ type: 'run', run: { ...kin(1), seq: 99, status: 'Completed' } });
  server.push({ type: 'run', run: { ...kin(1), seq: 98 } });

  assert.deepEqual([children.row(1)?.status, children.ask().seq], ['Completed', 99]);
  children.stop();
});

test('children that wait hear their new place', async () => {
  const { children, server, kin } = aFamily(3);
  children.start();
  await settled();
  server.push({
    type: 'run',
    run: { ...kin(1), seq: 9, status: 'Queued', reason: '2 runs ahead' }
  });

  server.push({ type: 'reasons', reasons: { p_1: '1 run ahead', p_2: 'too late' } });

  assert.deepEqual([children.row(1)?.reason, children.row(2)?.reason], ['1 run ahead', null]);
  children.stop();
});

test('children that were looked at are shown until they are here again', async t => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { server, children, kin, asked } = aSlowFamily();
  children.start();
  asked[0].give(kin(0), kin(1));
  await settled();

  server.push({ type: 'run', run: kin(2) });
  mock.timers.tick(1_000);
  assert.deepEqual([children.row(0), children.earlier(0)?.runId], [null, 'p_0']);
  asked[1].give(kin(0), kin(1), kin(2));
  await settled();

  assert.deepEqual([children.row(2)?.runId, children.total], ['p_2', 3]);
  children.stop();
});
