import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { EnvironmentModel } from '../src/models/environments/environment';
import type { WireEnvironment, WireLock, WireRunPage } from '../src/wire';
import { anEnvironment, aRun, FakeServer, settled, underway } from './samples';

async function aPage(t: TestContext, server: FakeServer): Promise<EnvironmentModel> {
  const page = new EnvironmentModel('default', 'sklearn', server);
  page.start();
  t.after(() => page.stop());
  await page.refresh();
  return page;
}

function tell(server: FakeServer, different: Partial<WireEnvironment>): void {
  server.push({ type: 'environment', environment: anEnvironment(different) });
}

const lines = (page: EnvironmentModel) =>
  Array.from({ length: page.log().count }, (_, i) => page.log().text(i));

test('the log of a build grows with each event', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment({ state: 'building' })];
  const page = await aPage(t, server);
  server.logs.build = 'resolving\n';
  page.readLog();
  await settled();

  server.logs.build += '3 of 7 packages\n';
  tell(server, { state: 'building', reason: '3 of 7 packages' });
  await settled();

  assert.deepEqual(lines(page), ['resolving', '3 of 7 packages']);
});

test('events that come close together lose no piece and double none', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment({ state: 'building' })];
  const page = await aPage(t, server);
  page.readLog();

  for (const line of ['one\n', 'two\n', 'three\n']) {
    server.logs.build = (server.logs.build ?? '') + line;
    tell(server, { state: 'building', reason: line });
  }
  await settled();

  assert.deepEqual(lines(page), ['one', 'two', 'three']);
});

test('a build that begins again begins its log anew', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment({ state: 'failed' })];
  server.logs.build = 'a long story of a failure\n';
  const page = await aPage(t, server);
  page.readLog();
  await settled();

  server.logs.build = 'second try\n';
  tell(server, { state: 'building' });
  await settled();

  assert.deepEqual(lines(page), ['second try']);
});

test('nobody asks for a log that nobody reads', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const page = await aPage(t, server);

  tell(server, { state: 'building' });
  await settled();

  assert.equal(server.logReads, 0);
  page.readLog()();
  await settled();
  tell(server, { state: 'building', reason: 'resolving' });
  await settled();
  assert.equal(server.logReads, 1);
});

test('a version that was chosen stays when a newer one comes', async t => {
  const server = new FakeServer();
  const versions = ['2', '1'];
  server.environments = [
    anEnvironment({ version: '2', versions }),
    anEnvironment({ version: '1', versions })
  ];
  const page = await aPage(t, server);
  await page.show('1');

  tell(server, { version: '3', versions: ['3', '2', '1'] });

  assert.equal(page.environment?.version, '1');
  assert.deepEqual(page.environment?.versions, ['3', '2', '1']);
});

test('the newest version is followed where none was chosen', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const page = await aPage(t, server);

  tell(server, { version: '2', versions: ['2', '1'] });

  assert.equal(page.environment?.version, '2');
});

test('a deleted environment stays to be read, and says that it is gone', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const page = await aPage(t, server);

  server.push({ type: 'environmentGone', workspace: 'default', name: 'sklearn', version: '1' });

  assert.equal(page.isGone, true);
  assert.equal(page.environment?.name, 'sklearn');
});

test('the packages and the runs of a version that was left are not those of the next', async t => {
  const server = new FakeServer();
  const versions = ['2', '1'];
  server.environments = [
    anEnvironment({ version: '2', versions, key: 'k2' }),
    anEnvironment({ version: '1', versions, key: 'k1' })
  ];
  const page = await aPage(t, server);
  const locks = { '2': underway<WireLock>(), '1': underway<WireLock>() };
  const pages = { '2': underway<WireRunPage>(), '1': underway<WireRunPage>() };
  const versionOf = (text = '2') => text.at(-1) as '1' | '2';
  server.rest.environmentLock = ({ version }) => locks[versionOf(version)].answer;
  server.rest.runs = ({ filter }) => pages[versionOf(filter)].answer;
  const give = (version: '1' | '2') => {
    locks[version].give({ key: `k${version}` } as WireLock);
    const runs = [aRun({ runId: `of ${version}` })];
    pages[version].give({ runs, total: Number(version), next: null } as WireRunPage);
  };
  const shown = () => [page.lock?.key, page.runs?.map(run => run.runId), page.total];

  const asking = [page.loadLock(), page.loadRuns()];
  await page.show('1');
  asking.push(page.loadLock(), page.loadRuns());
  give('1');
  await settled();
  give('2');
  await Promise.all(asking);

  assert.deepEqual(shown(), ['k1', ['of 1'], 1]);
});

test('what is known of a version is not shown of another that takes its place', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  server.rest.environmentLock = async () => ({ key: 'k1' }) as WireLock;
  server.pages = [[aRun()]];
  const page = await aPage(t, server);
  await Promise.all([page.loadLock(), page.loadRuns()]);
  assert.deepEqual([page.lock?.key, page.runs?.length], ['k1', 1]);

  tell(server, { version: '2', versions: ['2', '1'], key: 'k2' });

  assert.deepEqual([page.lock, page.runs], [null, null]);
});

test('packages or runs that cannot be had leave what was shown, and say so', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const page = await aPage(t, server);
  const fail = async () => {
    throw new Error('the engine is away');
  };
  [server.rest.environmentLock, server.rest.runs] = [fail, fail];

  await Promise.all([page.loadLock(), page.loadRuns()]);

  assert.deepEqual(
    [page.lock, page.lockProblem, page.runs, page.runsProblem],
    [null, 'the engine is away', null, 'the engine is away']
  );
});

test('what happens while the version is on its way is not undone by it', async t => {
  const server = new FakeServer();
  server.environments = [anEnvironment({ state: 'building' })];
  const page = await aPage(t, server);
  const { answer, give } = underway<WireEnvironment>();
  server.rest.environment = () => answer;

  const loading = page.refresh();
  tell(server, { state: 'ready' });
  give(anEnvironment({ state: 'building' }));
  await loading;

  assert.equal(page.environment?.state, 'ready');
});
