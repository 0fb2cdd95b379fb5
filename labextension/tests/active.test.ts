import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActiveRuns } from '../src/models/runs/active';
import type { WireRun } from '../src/wire';
import { aRun, FakeServer, settled } from './samples';

async function watched(server: FakeServer): Promise<{ active: ActiveRuns; ended: string[] }> {
  const active = new ActiveRuns(server);
  const ended: string[] = [];
  active.onEnd = (run: WireRun) => ended.push(`${run.runId} ${run.status}`);
  active.start();
  await settled();
  return { active, ended };
}

test('a run is counted from its start to its end, and its end is told once', async () => {
  const server = new FakeServer();
  const { active, ended } = await watched(server);

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 1, status: 'Queued' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 2 }) });
  assert.deepEqual(
    active.runs.map(run => run.status),
    ['Running']
  );

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3, status: 'Failed' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3, status: 'Failed' }) });
  assert.deepEqual([active.runs.length, ended], [0, ['a Failed']]);
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
