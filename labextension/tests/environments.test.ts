import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { EnvironmentsModel } from '../src/models/environments/environments';
import type { WireEnvironment } from '../src/wire';
import { anEnvironment, FakeServer, settled, underway } from './samples';

async function aList(server: FakeServer): Promise<EnvironmentsModel> {
  const list = new EnvironmentsModel(server);
  await list.refresh();
  list.start();
  return list;
}

const labels = (list: EnvironmentsModel) => list.rows.map(row => `${row.name}:${row.version}`);

test('ones own environments stand by name before those that come with the server', async () => {
  const server = new FakeServer();
  server.environments = [
    anEnvironment({ name: 'AzureML-Minimal', curated: true }),
    anEnvironment({ name: 'sklearn' }),
    anEnvironment({ name: 'churn' })
  ];

  const list = await aList(server);

  assert.deepEqual(labels(list), ['churn:1', 'sklearn:1', 'AzureML-Minimal:1']);
});

test('a build is seen while it goes on', async () => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const list = await aList(server);

  const environment = anEnvironment({ state: 'building', reason: '31 of 47 packages' });
  server.push({ type: 'environment', environment });

  assert.equal(list.find('sklearn')?.reason, '31 of 47 packages');
});

test('a new version takes the row, and news of an older one does not', async () => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const list = await aList(server);

  const versions = ['2', '1'];
  server.push({ type: 'environment', environment: anEnvironment({ version: '2', versions }) });
  server.push({ type: 'environment', environment: anEnvironment({ version: '1', versions }) });

  assert.deepEqual(labels(list), ['sklearn:2']);
});

test('what happens while the list is on its way is not undone by the list', async () => {
  const server = new FakeServer();
  server.environments = [anEnvironment(), anEnvironment({ name: 'old' })];
  const list = await aList(server);

  const loading = list.refresh();
  server.push({ type: 'environment', environment: anEnvironment({ state: 'building' }) });
  server.push({ type: 'environment', environment: anEnvironment({ name: 'fresh' }) });
  server.push({ type: 'environmentGone', workspace: 'default', name: 'old', version: '1' });
  await loading;

  assert.deepEqual(labels(list), ['fresh:1', 'sklearn:1']);
  assert.equal(list.find('sklearn')?.state, 'building');
});

test('where the newest version is deleted, the one before it comes back', async () => {
  const server = new FakeServer();
  server.environments = [anEnvironment({ version: '2', versions: ['2', '1'] })];
  const list = await aList(server);

  server.environments = [anEnvironment({ version: '1', versions: ['1'] })];
  server.push({ type: 'environmentGone', workspace: 'default', name: 'sklearn', version: '2' });
  await settled();

  assert.deepEqual(labels(list), ['sklearn:1']);
});

test('after a time without connection the list is loaded again', async () => {
  const server = new FakeServer();
  const list = await aList(server);

  list.link({ state: 'offline', message: 'No connection' });
  server.environments = [anEnvironment({ name: 'missed' })];
  list.link({ state: 'online', message: '' });
  await settled();

  assert.deepEqual(labels(list), ['missed:1']);
});

test('a list that cannot be had says why, and keeps what it had', async () => {
  const server = new FakeServer();
  server.environments = [anEnvironment()];
  const list = await aList(server);

  server.failure = new Error('The disk is full');
  await list.refresh();

  assert.equal(list.problem, 'The disk is full');
  assert.deepEqual(labels(list), ['sklearn:1']);
});

test('a run that begins has the environments counted again, and then once', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const server = new FakeServer();
    server.environments = [anEnvironment()];
    const list = await aList(server);
    server.environments = [anEnvironment({ runs: 2 })];

    list.soon();
    list.soon();
    mock.timers.tick(1000);
    await settled();

    assert.equal(list.find('sklearn')?.runs, 2);
  } finally {
    mock.timers.reset();
  }
});

test('a list that turns to another workspace out of sight takes nothing of the one before', async () => {
  const server = new FakeServer();
  const list = await aList(server);
  const { answer, give } = underway<WireEnvironment[]>();
  server.rest.environments = () => answer;

  const asking = list.refresh();
  list.aim('elsewhere');
  give([anEnvironment()]);
  await asking;

  assert.deepEqual([list.rows, list.hasLoaded, list.isLoading], [[], false, false]);
});
