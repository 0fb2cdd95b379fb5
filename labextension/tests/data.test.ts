import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain } from '../src/models/common/words';
import { DatasetPageModel } from '../src/models/data/dataset';
import { datasetCode, datasetsWith } from '../src/models/data/datasets';
import { dataGraph } from '../src/models/data/lineage';
import { factsOf, rangeOf, shapeOf } from '../src/models/data/profile';
import { stepWords } from '../src/models/data/steps';
import { storeCode, StoresModel } from '../src/models/data/stores';
import type { StoreNode } from '../src/models/data/stores';
import { Upload } from '../src/models/data/upload';
import type { Piece, Rest } from '../src/tokens';
import type { WireColumnProfile, WireDatasetLineage } from '../src/wire';
import { aDataset, aDatastore, aModel, aRun, FakeServer, settled, underway } from './samples';

const lines = (stores: StoresModel): string[] =>
  stores.nodes().map(({ kind, depth, name }) => `${'  '.repeat(depth)}${kind} ${name}`.trimEnd());

/** Datastores whose folders are these, and what was asked of them. */
async function aTree(folders: Record<string, { folders: string[]; files: string[] }>) {
  const server = new FakeServer();
  const asked: string[] = [];
  Object.assign(server.rest, {
    datastores: async () => [aDatastore(), aDatastore({ name: 'mine', builtIn: false })],
    storeFolder: async ({ store, path }: { store: string; path: string }, after: string | null) => {
      asked.push(`${store}/${path} ${after ?? ''}`.trim());
      const found = folders[path];
      if (!found) {
        throw new Error('The store does not answer');
      }
      const files = found.files.map(name => ({ name, size: 1, modified: null }));
      const [first, rest] = [files.slice(0, 2), files.slice(2)];
      return after === null
        ? { path, folders: found.folders, files: first, next: rest.length > 0 ? 'f' : null }
        : { path, folders: [], files: rest, next: null };
    }
  });
  const stores = new StoresModel(server);
  await stores.refresh();
  return { server, stores, asked };
}

test('folders are listed when they are opened, and only then', async () => {
  const { stores, asked } = await aTree({
    '': { folders: ['a'], files: ['x.csv'] },
    a: { folders: [], files: ['1', '2', '3'] }
  });
  assert.deepEqual([lines(stores), asked], [['store blob', 'store mine'], []]);

  stores.toggle('blob', '', true);
  await settled();
  stores.toggle('blob', 'a', true);
  await settled();

  assert.deepEqual(lines(stores), [
    'store blob',
    '  folder a',
    '    file 1',
    '    file 2',
    '    more a',
    '  file x.csv',
    'store mine'
  ]);
  await stores.more('blob', 'a');
  assert.deepEqual(lines(stores).slice(2, 5), ['    file 1', '    file 2', '    file 3']);
  stores.toggle('blob', '', false);
  assert.deepEqual(lines(stores), ['store blob', 'store mine']);
});

test('a folder that cannot be listed says why, and one that is empty says so', async () => {
  const { stores } = await aTree({ '': { folders: [], files: [] } });

  stores.toggle('blob', '', true);
  stores.toggle('mine', 'lost', true);
  stores.toggle('mine', '', true);
  await settled();

  assert.deepEqual(lines(stores), ['store blob', '  note', 'store mine', '  note']);
});

test('what is open is looked at again when the list is', async () => {
  const folders = { '': { folders: [], files: ['x'] } };
  const { stores } = await aTree(folders);
  stores.toggle('blob', '', true);
  await settled();

  folders[''].files.push('y');
  await stores.refresh();

  assert.deepEqual(lines(stores).slice(1, 3), ['  file x', '  file y']);
});

/** A rest that takes pieces, and refuses the one with this number. */
function aReceiver(refused: number | null = null, name = 'StorageFailed') {
  const pieces: (Piece & { bytes: number })[] = [];
  const rest = {
    sendPiece: async (_place: object, piece: Piece, data: Blob) => {
      if (pieces.length === refused) {
        refused = null;
        throw Object.assign(new Error('The disk is full'), { name });
      }
      pieces.push({ ...piece, bytes: data.size });
    }
  } as unknown as Rest;
  return { rest, pieces };
}

const PLACE = { workspace: 'default', store: 'blob', path: 'x' };
const MB = 1024 * 1024;

test('a file goes over in pieces, and says how far it is', async () => {
  const { rest, pieces } = aReceiver();
  const upload = new Upload(PLACE, new Blob([new Uint8Array(9 * MB)]), rest);
  const shares: number[] = [];
  upload.changed.subscribe(() => shares.push(Math.round(100 * upload.share)));

  await upload.send();

  assert.deepEqual(
    pieces.map(({ offset, bytes, isLast }) => [offset / MB, bytes / MB, isLast]),
    [
      [0, 4, false],
      [4, 4, false],
      [8, 1, true]
    ]
  );
  assert.equal(new Set(pieces.map(piece => piece.upload)).size, 1);
  assert.deepEqual([upload.state, shares.at(-1), upload.problem], ['done', 100, null]);
});

test('an empty file is one piece', async () => {
  const { rest, pieces } = aReceiver();
  const upload = new Upload(PLACE, new Blob([]), rest);

  await upload.send();

  assert.deepEqual([pieces.length, upload.state, upload.share], [1, 'done', 1]);
});

test('what broke off goes on from where it was', async () => {
  const { rest, pieces } = aReceiver(1);
  const upload = new Upload(PLACE, new Blob([new Uint8Array(9 * MB)]), rest);

  await upload.send();
  assert.deepEqual([upload.state, upload.problem], ['failed', 'The disk is full']);
  await upload.send();

  assert.deepEqual(
    pieces.map(({ offset }) => offset / MB),
    [0, 4, 8]
  );
  assert.deepEqual([upload.state, upload.problem], ['done', null]);
});

test('what the server has forgotten is sent from the beginning', async () => {
  const { rest, pieces } = aReceiver(1, 'Outdated');
  const upload = new Upload(PLACE, new Blob([new Uint8Array(5 * MB)]), rest);

  await upload.send();
  assert.equal(upload.state, 'failed');
  await upload.send();

  assert.deepEqual(
    pieces.map(({ offset }) => offset / MB),
    [0, 0, 4]
  );
});

test('a name that is taken is asked about, and replaced when that is wished', async () => {
  const { rest, pieces } = aReceiver(0, 'AlreadyExists');
  const upload = new Upload(PLACE, new Blob(['x']), rest);

  await upload.send();
  assert.equal(upload.state, 'taken');
  await upload.send(true);

  assert.deepEqual([upload.state, pieces[0].overwrite], ['done', true]);
});

test('an upload that is stopped sends no more', async () => {
  const { answer, give } = underway<void>();
  let sent = 0;
  const rest = { sendPiece: () => (sent++, answer) } as unknown as Rest;
  const upload = new Upload(PLACE, new Blob([new Uint8Array(9 * MB)]), rest);

  const sending = upload.send();
  upload.stop();
  give();
  await sending;

  assert.deepEqual([sent, upload.sent], [1, 0]);
});

test('of many files two are on their way at once', async () => {
  const { server, stores } = await aTree({ '': { folders: [], files: [] } });
  const going: (() => void)[] = [];
  Object.assign(server.rest, {
    sendPiece: () => new Promise<void>(resolve => going.push(resolve))
  });

  stores.send(
    'blob',
    'in',
    ['1', '2', '3'].map(name => new File(['x'], name))
  );
  assert.equal(going.length, 2);
  going[0]();
  await settled();

  assert.deepEqual(
    stores.uploads.map(one => [one.place.path, one.state]),
    [
      ['in/1', 'done'],
      ['in/2', 'sending'],
      ['in/3', 'sending']
    ]
  );
});

test('the code of data is Python that SDK v1 has', () => {
  const node = (kind: StoreNode['kind'], path: string): StoreNode => ({
    kind,
    store: aDatastore(),
    path,
    name: path,
    depth: 0,
    isOpen: false,
    size: null
  });
  const last = (code: string): string => code.split('\n').at(-1)!;

  assert.equal(
    last(datasetCode(aDataset({ version: '2' }))),
    'dataset = Dataset.get_by_name(ws, "patients", version=2)'
  );
  assert.equal(last(storeCode(node('store', ''))), 'datastore = Datastore.get(ws, "blob")');
  assert.equal(
    last(storeCode(node('file', 'a/b.CSV'))),
    'dataset = Dataset.Tabular.from_delimited_files((datastore, "a/b.CSV"))'
  );
  assert.equal(
    last(storeCode(node('folder', 'a.csv'))),
    'dataset = Dataset.File.from_files((datastore, "a.csv"))'
  );
});

test('a filter finds names, versions, kinds, sources and tags', () => {
  const one = aDataset({ tags: { area: 'health' } });

  assert.ok(datasetsWith('patients:1 tabular blob/a area=health')(one));
  assert.ok(!datasetsWith('patients file')(one));
});

test('a page turns to the newest version where the one that it shows is deleted', async () => {
  const server = new FakeServer();
  let there = ['2', '1'];
  Object.assign(server.rest, {
    dataset: async ({ version = there[0] }: { version?: string }) => {
      if (!version || !there.includes(version)) {
        throw Object.assign(new Error('No'), { name: 'NotFound' });
      }
      return aDataset({ version, versions: there });
    }
  });
  const page = new DatasetPageModel('default', 'patients', server);
  await page.show('1');
  assert.equal(page.dataset?.version, '1');

  there = ['2'];
  await page.refresh();
  assert.deepEqual([page.dataset?.version, page.isGone, page.problem], ['2', false, null]);
  there = [];
  await page.refresh();

  assert.deepEqual([page.dataset?.version, page.isGone], ['2', true]);
});

test('what has written a data set leads to it, and it to its readers and their models', () => {
  const lineage: WireDatasetLineage = {
    name: 'patients',
    version: '1',
    writtenBy: [aRun({ runId: 'writer_1' })],
    readBy: [aRun({ runId: 'reader' })],
    readers: 30,
    models: [aModel({ runId: 'reader' }), aModel({ name: 'net' })]
  };

  const { edges, nodes } = dataGraph(lineage, { run: () => {}, model: () => {} }, plain);

  assert.deepEqual(edges, [
    ['run-writer_1', 'data'],
    ['data', 'run-reader'],
    ['run-reader', 'model-ridge:1'],
    ['data', 'model-net:1'],
    ['data', 'more']
  ]);
  assert.equal(nodes.at(-1)?.label, '29 more');
});

const COLUMN: WireColumnProfile = {
  name: 'age',
  type: 'integer',
  count: 8,
  missing: 2,
  distinct: 3,
  min: 20,
  max: 60,
  mean: 41.5,
  deviation: 2,
  quantiles: {},
  histogram: [
    { low: 20, high: 40, label: null, count: 2 },
    { low: 40, high: 60, label: null, count: 4 }
  ]
};

test('a column is drawn as it is spread, or as what is there most often', () => {
  const top = [{ low: null, high: null, label: 'a', count: 3 }];

  assert.deepEqual(
    shapeOf(COLUMN).bars.map(({ share, label }) => [share, label]),
    [
      [0.5, '20 – 40'],
      [1, '40 – 60']
    ]
  );
  assert.deepEqual(shapeOf({ ...COLUMN, histogram: top }).kind, 'top');
  assert.deepEqual(shapeOf({ ...COLUMN, histogram: [] }), { kind: 'none', bars: [] });
  assert.deepEqual(rangeOf(COLUMN), ['20', '60']);
  assert.deepEqual(factsOf(COLUMN, plain), [
    '2 missing (20 %)',
    '3 different',
    'mean 41.5',
    'deviation 2'
  ]);
});

test('each step reads as a few words, also one that this page does not know', () => {
  const read = { do: 'read', form: 'delimited', separator: ';', encoding: null };

  assert.equal(stepWords(read, plain), 'texts with separators · separator=";"');
  assert.equal(stepWords({ do: 'take', count: 5 }, plain), 'take the first 5');
  assert.equal(
    stepWords({ do: 'split', from: 0, to: 0.7 }, plain),
    'take the part from 0 % to 70 %'
  );
  assert.equal(stepWords({ do: 'later' }, plain), '{"do":"later"}');
});
