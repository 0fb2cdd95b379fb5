import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { plain } from '../src/models/common/words';
import { lineageGraph } from '../src/models/models/lineage';
import { ModelPageModel } from '../src/models/models/model';
import { modelCode, ModelList, modelsWith } from '../src/models/models/models';
import type { WireModelLineage } from '../src/wire';
import { aModel, aRun, FakeServer, settled } from './samples';

const NEWS = { type: 'registered', noun: 'model', workspace: 'default', name: 'ridge' } as const;

const labels = (models: { id: string }[]): string[] => models.map(one => one.id);

async function aPage(server: FakeServer): Promise<ModelPageModel> {
  const page = new ModelPageModel('default', 'ridge', server);
  await page.refresh();
  page.start();
  return page;
}

test('the list holds the newest version of each name, and asks once for many news', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const server = new FakeServer();
    server.models = [aModel({ version: '2' }), aModel(), aModel({ name: 'net' })];
    const list = new ModelList(server);
    await list.refresh();
    list.start();

    server.models = [aModel({ name: 'late' }), ...server.models];
    server.push(NEWS);
    server.push(NEWS);
    server.push({ ...NEWS, noun: 'dataset' });
    mock.timers.tick(1000);
    await settled();

    assert.deepEqual(labels(list.rows), ['late:1', 'ridge:2', 'net:1']);
    assert.equal(server.modelReads, 2);
  } finally {
    mock.timers.reset();
  }
});

test('a list that cannot be had says why, and keeps what it had', async () => {
  const server = new FakeServer();
  server.models = [aModel()];
  const list = new ModelList(server);
  await list.refresh();

  server.failure = new Error('The disk is full');
  await list.refresh();

  assert.deepEqual([list.problem, labels(list.rows)], ['The disk is full', ['ridge:1']]);
});

test('news that come when nobody looks any more ask for nothing', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const server = new FakeServer();
    const list = new ModelList(server);
    list.start();

    server.push(NEWS);
    list.stop();
    mock.timers.tick(1000);
    await settled();

    assert.equal(server.modelReads, 0);
  } finally {
    mock.timers.reset();
  }
});

test('a filter finds names, versions, aliases, frameworks and tags', () => {
  const one = aModel({ aliases: ['champion'], framework: 'ScikitLearn', tags: { area: 'health' } });
  const found = ['', 'RID', 'ridge:1', 'champ scikit', 'area=health'].map(text =>
    modelsWith(text)(one)
  );

  assert.deepEqual(found, [true, true, true, true, true]);
  assert.equal(modelsWith('champion area=work')(one), false);
});

test('the code of a model is Python, whatever its name', () => {
  const code = modelCode(aModel({ name: 'm"1', version: '3', workspace: 'a b' }));

  assert.match(code, /^from azureml\.core import Model, Workspace$/m);
  assert.match(code, /^ws = Workspace\.get\("a b"\)$/m);
  assert.match(code, /^model = Model\(ws, "m\\"1", version=3\)$/m);
});

test('a page shows the newest version until another is chosen, and keeps to that', async () => {
  const server = new FakeServer();
  server.models = [aModel({ version: '9' }), aModel({ version: '10' })];
  const page = await aPage(server);
  assert.equal(page.model?.id, 'ridge:10');

  await page.show('9');
  server.models = [aModel({ version: '11' }), ...server.models];
  await page.refresh();

  assert.equal(page.model?.id, 'ridge:9');
  assert.deepEqual(labels(page.versions), ['ridge:11', 'ridge:10', 'ridge:9']);
});

test('a page knows the metrics of the runs that are still there', async () => {
  const server = new FakeServer();
  server.runs = { made: aRun({ runId: 'made', metrics: { alpha: 0.3, rmse: 54 } }) };
  server.models = [aModel({ version: '2', runId: 'made' }), aModel({ runId: 'gone' })];

  const page = await aPage(server);

  assert.deepEqual([...page.makers.keys()], ['made']);
  assert.deepEqual(page.metricNames(), ['rmse', 'alpha']);
});

test('a page whose model is deleted shows what it was, and says that it is gone', async () => {
  const server = new FakeServer();
  server.models = [aModel()];
  const page = await aPage(server);

  server.models = [];
  await page.refresh();

  assert.deepEqual([page.isGone, page.model?.id], [true, 'ridge:1']);
});

test('the page of a model that never was says so', async () => {
  const page = await aPage(new FakeServer());

  assert.equal(page.problem, 'There is no model ridge in workspace default.');
});

test('an alias that is taken away is gone from the page', async () => {
  const server = new FakeServer();
  server.models = [aModel({ aliases: ['champion'] })];
  const page = await aPage(server);

  await page.dropAlias('champion');

  assert.deepEqual(page.model?.aliases, []);
});

test('data and environment lead to the run, the run to the model, the model to its users', () => {
  const visited: string[] = [];
  const visit = (what: string): void => void visited.push(what);
  const lineage: WireModelLineage = {
    name: 'ridge',
    version: '1',
    maker: {
      runId: 'made',
      experiment: 'diabetes',
      environment: 'sklearn:2',
      snapshotId: null,
      isThere: true
    },
    datasets: [
      { scenario: 'training', name: 'patients', version: '3', definition: null },
      { scenario: 'test', name: null, version: null, definition: {} }
    ],
    usedBy: Array.from({ length: 23 }, (_, i) => ({
      kind: 'run',
      id: `user_${i}`,
      name: `user_${i}`,
      at: null
    }))
  };

  const ways = { run: visit, environment: visit, dataset: visit };
  const { nodes, edges } = lineageGraph(aModel(), lineage, ways, plain);
  nodes.slice(0, 4).forEach(node => node.open?.());

  assert.deepEqual(visited, ['patients', 'sklearn:2', 'made']);
  assert.deepEqual(edges.slice(0, 4), [
    ['data-0', 'maker'],
    ['data-1', 'maker'],
    ['environment', 'maker'],
    ['maker', 'model']
  ]);
  assert.deepEqual([nodes.length, nodes.at(-1)?.label], [4 + 1 + 20 + 1, '3 more']);
});

test('a model without a run comes from its data alone', () => {
  const datasets = [{ scenario: 'training', name: 'p', version: null, definition: null }];
  const lineage = { name: 'ridge', version: '1', maker: null, datasets, usedBy: [] };
  const ways = { run: () => {}, environment: () => {}, dataset: () => {} };

  const { edges } = lineageGraph(aModel(), lineage, ways, plain);

  assert.deepEqual(edges, [['data-0', 'model']]);
});
