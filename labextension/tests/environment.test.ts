import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { EnvironmentModel } from '../src/models/environments/environment';
import type { WireEnvironment } from '../src/wire';
import { anEnvironment, FakeServer, settled } from './samples';

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
