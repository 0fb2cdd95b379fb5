import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChildrenModel } from '../src/models/children';
import type { RunQuery } from '../src/tokens';
import { aRun, FakeServer, settled } from './samples';

const COUNT = 10_000;

/** A server with so many children of one run, and what was asked of it. */
function aFamily(count = COUNT) {
  const server = new FakeServer();
  const asked: RunQuery[] = [];
  const kin = (i: number) =>
    aRun({ runId: `p_${i}`, number: i, seq: i + 1, parentId: 'p', metrics: { loss: i } });
  server.rest.runs = async query => {
    asked.push(query);
    const from = Number(query.after ?? 0);
    const end = Math.min(count, from + (query.limit ?? 50));
    const runs = Array.from({ length: end - from }, (_, i) => kin(from + i));
    return { runs, total: count, next: end < count ? String(end) : null, children: {} };
  };
  return { server, asked, kin, children: new ChildrenModel(server, 'default', 'p') };
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
