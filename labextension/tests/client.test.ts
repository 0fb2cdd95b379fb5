import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerConnection } from '@jupyterlab/services';
import { AmlClient } from '../src/api/client';
import type { AmlProblem } from '../src/api/problem';
import type { WireRetry, WireSubmit } from '../src/wire';

interface Asked {
  method: string;
  route: string;
  body: string;
  headers: Headers;
}

const ROOT = 'http://lab.test/user/ann/';

/** A client of a server that answers what the test says, and what it was asked. */
function aClient(answer: () => Response | Promise<Response> = () => Response.json({}), token = '') {
  const asked: Asked[] = [];
  const sockets: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: ROOT,
    wsUrl: ROOT.replace('http', 'ws'),
    token: 'a+token',
    appendToken: token !== '',
    Request,
    Headers,
    WebSocket: class {
      constructor(address: string) {
        sockets.push(address);
      }
    } as never,
    fetch: async (request: RequestInfo | URL) => {
      const { method, url, headers } = request as Request;
      asked.push({
        method,
        // Lab puts the time behind each address, so that no answer comes from a cache.
        route: url.replace(`${ROOT}aml/`, '').replace(/[?&]\d{13}$/, ''),
        body: await (request as Request).text(),
        headers
      });
      return answer();
    }
  });
  return { client: new AmlClient(settings), asked, sockets };
}

/** Answers with this text, as a server does. */
const saying =
  (text: string, headers: Record<string, string> = {}, status = 200): (() => Response) =>
  () =>
    new Response(text, { headers, status });

const routes = (asked: Asked[]): string[] => asked.map(one => `${one.method} ${one.route}`);

test('each call goes to its route', async () => {
  const { client, asked } = aClient(saying('{"files": []}'));
  const [here, sklearn] = [{ workspace: 'a b' }, { workspace: 'w', name: 'sk', version: '2' }];
  const submit = { experiment: 'churn' } as WireSubmit;

  await client.status();
  await client.workspaces();
  await client.experiments('a b');
  await client.runs({ ...here, filter: 'rmse<50', sort: '', limit: 20, after: null });
  await client.run('r');
  await client.cancel('r');
  await client.remove('r');
  await client.difference('r', 's');
  await client.cell('r');
  await client.retry('r', { displayName: 'again' } as WireRetry);
  await client.submit(submit);
  await client.metrics('r');
  await client.series('r', 'loss/a b', 0);
  await client.systemMetrics('r');
  await client.files('r');
  await client.filesPage('r', 'a&b');
  await client.snapshot('r');
  await client.facts('r');
  await client.environments('w');
  await client.environment({ workspace: 'w', name: 'sk' });
  await client.addEnvironment({ workspace: 'w' } as never);
  await client.removeEnvironment(sklearn);
  await client.buildEnvironment('sk', { workspace: 'w' } as never);
  await client.buildState(sklearn, ['a', 'b']);
  await client.buildLog(sklearn, 7);
  await client.environmentLock(sklearn);
  await client.checkEnvironment({ workspace: 'w' } as never);
  await client.targets('w');
  await client.target({ workspace: 'w', name: 'c' });
  await client.targetHistory({ workspace: 'w', name: 'c' });
  await client.addTarget({ name: 'c', kind: 'cluster' });
  await client.changeTarget('c', { workspace: 'w', maxNodes: 2 });
  await client.removeTarget({ workspace: 'w', name: 'c' });
  await client.targetKinds();
  await client.targetSizes();
  await client.checkTarget({ kind: 'ssh' });
  await client.kernels();
  await client.addKernel({ name: 'k' } as never);
  await client.removeKernel('aml-sk');
  await client.models({ workspace: 'w', name: 'sk', isNewest: true, limit: 5 });
  await client.model(sklearn);
  await client.modelFiles(sklearn);
  await client.modelLineage(sklearn);
  await client.changeModel('sk', { description: 'x' });
  await client.removeModel(sklearn);
  await client.addAlias('sk', { version: '2', alias: 'best' });
  await client.removeAlias('w', 'sk', 'a/b');
  await client.runModels('r');
  const place = { workspace: 'w', store: 'blob', path: 'a b/c' };
  const piece = { upload: 'u', offset: 4, isLast: true, overwrite: false };
  await client.runData('r');
  await client.datastores('w');
  await client.chooseDatastore('w', 'blob');
  await client.removeDatastore('w', 'blob');
  await client.storeFolder(place, 'z');
  await client.sendPiece(place, piece, new Blob(['x']));
  await client.datasets('w');
  await client.dataset(sklearn);
  await client.datasetVersions('w', 'sk');
  await client.datasetFiles(sklearn, 'a/b');
  await client.datasetChanges(sklearn);
  await client.datasetPreview(sklearn, 9);
  await client.datasetProfile(sklearn);
  await client.changeDataset('sk', { version: '2' } as never);
  await client.removeDataset(sklearn);

  assert.deepEqual(routes(asked), [
    'GET status',
    'GET workspaces',
    'GET experiments?workspace=a+b',
    'GET runs?workspace=a+b&filter=rmse%3C50&limit=20',
    'GET runs/r',
    'POST runs/r/cancel',
    'DELETE runs/r',
    'GET runs/r/difference/s',
    'GET runs/r/cell',
    'POST runs/r/retry',
    'POST runs',
    'GET runs/r/metrics',
    'GET runs/r/metrics?name=loss%2Fa+b&points=0',
    'GET runs/r/metrics?source=system',
    'GET runs/r/files',
    'GET runs/r/files?after=a%26b',
    'GET runs/r/snapshot',
    'GET runs/r/facts',
    'GET environments?workspace=w',
    'GET environments/sk?workspace=w',
    'POST environments',
    'DELETE environments/sk?workspace=w&version=2',
    'POST environments/sk/build',
    'GET environments/sk/build?workspace=w&version=2&extra=a&extra=b',
    'GET environments/sk/log?workspace=w&version=2&offset=7',
    'GET environments/sk/lock?workspace=w&version=2',
    'POST environment-check',
    'GET compute?workspace=w',
    'GET compute/c?workspace=w',
    'GET compute/c/history?workspace=w',
    'POST compute',
    'PATCH compute/c',
    'DELETE compute/c?workspace=w',
    'GET compute-kinds',
    'GET compute-sizes',
    'POST compute-check',
    'GET kernels',
    'POST kernels',
    'DELETE kernels/aml-sk',
    'GET models?workspace=w&name=sk&limit=5&newest=1',
    'GET models/sk?workspace=w&version=2',
    'GET models/sk/files?workspace=w&version=2',
    'GET models/sk/lineage?workspace=w&version=2',
    'PATCH models/sk',
    'DELETE models/sk?workspace=w&version=2',
    'POST models/sk/aliases',
    'DELETE models/sk/aliases/a%2Fb?workspace=w',
    'GET runs/r/models',
    'GET runs/r/data',
    'GET datastores?workspace=w',
    'POST default-datastore',
    'DELETE datastores/blob?workspace=w',
    'GET datastores/blob/files?workspace=w&folder=a+b%2Fc&after=z',
    'PUT datastores/blob/files/a%20b/c?workspace=w&upload=u&offset=4&last=1&overwrite=0',
    'GET datasets?workspace=w',
    'GET datasets/sk?workspace=w&version=2',
    'GET datasets/sk/versions?workspace=w',
    'GET datasets/sk/files?workspace=w&version=2&after=a%2Fb',
    'GET datasets/sk/changes?workspace=w&version=2',
    'GET datasets/sk/preview?workspace=w&version=2&rows=9',
    'GET datasets/sk/profile?workspace=w&version=2',
    'PATCH datasets/sk',
    'DELETE datasets/sk?workspace=w&version=2'
  ]);
  const bodies = asked.filter(one => one.method === 'POST').map(one => JSON.parse(one.body));
  assert.deepEqual(bodies.slice(0, 3), [{}, { displayName: 'again' }, submit]);
});

const FOLDER = '/user/ann/aml/runs/r/files/';

test('no name of a file leads a browser elsewhere, and the server is told the name', () => {
  const { client } = aClient();
  const names = ['..', '.', '', '../../s/files/x', 'a/../../..', 'a/./b', '/etc/passwd', 'a//b'];
  for (const name of names) {
    for (const url of [client.fileUrl('r', name), client.fileUrl('r', name, true)]) {
      const path = new URL(url).pathname;
      assert.ok(path.startsWith(FOLDER), `${name} led to ${path}`);
      // Such a name is none to the server, which says so in a sentence that holds it.
      assert.equal(decodeURIComponent(path.slice(FOLDER.length)), `/${name}`);
    }
  }
  for (const name of ['outputs/a b.txt', 'ü?#%.txt', '..a/b..', '%2e%2e/x', 'a\\..\\b', '...']) {
    const path = new URL(client.fileUrl('r', name)).pathname;
    assert.equal(decodeURIComponent(path.slice(FOLDER.length)), name);
  }
});

test('a name that is not whole text has an address, too', () => {
  const { client } = aClient();

  const path = new URL(client.fileUrl('r', 'caf\udce9.txt')).pathname;

  assert.equal(decodeURIComponent(path.slice(FOLDER.length)), 'caf\ufffd.txt');
});

test('every call that takes a name keeps to its route', async () => {
  const { client, asked } = aClient();

  await client.logTail('r', '../x', 10);
  await client.logBytes('r', '../x', 0, 10);
  await client.fileBytes('r', '../x', 0, 10);
  await client.snapshotBytes('r', '../x', 0, 10);
  await client.picture('r', '../x', 10);
  await client.removeKernel('..');
  await client.removeTarget({ workspace: 'w', name: 'a/..' });
  await client.removeEnvironment({ workspace: 'w', name: '..' });
  await client.buildEnvironment('..', {} as never);

  assert.deepEqual(routes(asked), [
    'GET runs/r/logs/%2F..%2Fx?tail=10',
    'GET runs/r/logs/%2F..%2Fx?offset=0&limit=10',
    'GET runs/r/files/%2F..%2Fx',
    'GET runs/r/snapshot/%2F..%2Fx',
    'GET runs/r/files/%2F..%2Fx?inline=1',
    'DELETE kernels/%2F..',
    'DELETE compute/a%2F..?workspace=w',
    'DELETE environments/%2F..?workspace=w',
    'POST environments/%2F../build'
  ]);
  assert.match(client.snapshotUrl('r', '../x'), /snapshot\/%2F\.\.%2Fx$/);
});

test('what is no id of a run leads to no other route', async () => {
  const { client, asked } = aClient();

  await client.remove('../environments/sk');
  await client.cancel('r/../s');
  await client.difference('r', '..');

  assert.deepEqual(routes(asked), [
    'DELETE runs/%2F..%2Fenvironments%2Fsk',
    'POST runs/%2Fr%2F..%2Fs/cancel',
    'GET runs/r/difference/%2F..'
  ]);
});

test('a link that a browser goes to by itself has the token only where Jupyter wants it there', () => {
  const [plain, tokens] = [aClient(), aClient(undefined, 'yes')];
  const links = ({ client }: typeof plain) => [
    client.fileUrl('r', 'a.png', true),
    client.snapshotUrl('r', 'train.py'),
    client.archiveUrl('r', 'outputs')
  ];
  const base = `${ROOT}aml/runs/r/`;

  assert.deepEqual(links(plain), [
    `${base}files/a.png?inline=1`,
    `${base}snapshot/train.py`,
    `${base}archive?what=outputs`
  ]);
  assert.deepEqual(links(tokens), [
    `${base}files/a.png?inline=1&token=a%2Btoken`,
    `${base}snapshot/train.py?token=a%2Btoken`,
    `${base}archive?what=outputs&token=a%2Btoken`
  ]);
});

test('the event socket is opened beside the routes, with the token where it is wanted', () => {
  const [plain, tokens] = [aClient(), aClient(undefined, 'yes')];

  plain.client.open();
  tokens.client.open();

  const events = 'ws://lab.test/user/ann/aml/events';
  assert.deepEqual([plain.sockets, tokens.sockets], [[events], [`${events}?token=a%2Btoken`]]);
});

async function problem(asking: Promise<unknown>): Promise<AmlProblem> {
  return asking.then(
    () => assert.fail('it was answered'),
    (error: AmlProblem) => error
  );
}

test('a server that does not answer is told in a sentence, whatever is asked', async () => {
  const { client } = aClient(() => {
    throw new TypeError('Failed to fetch');
  });

  for (const asking of [client.status(), client.remove('r'), client.fileBytes('r', 'a', 0, 1)]) {
    const { name, message, status, hint } = await problem(asking);

    assert.deepEqual([name, status, hint], ['Unreachable', 0, null]);
    assert.equal(message, 'The Jupyter server does not answer. Look whether it still runs.');
  }
});

test('what goes wrong in the page itself is not blamed on the server', async () => {
  const { client } = aClient(saying('no JSON'));

  assert.equal((await problem(client.status())).name, 'SyntaxError');
});

test('a problem of ours keeps its name, its sentence and its hint', async () => {
  const told = { error: 'NotFound', message: 'There is no run r.', hint: 'Look in the list.' };
  const { client } = aClient(saying(JSON.stringify(told), {}, 404));

  for (const asking of [client.run('r'), client.snapshotBytes('r', 'a', 0, 1)]) {
    const { name, message, status, hint } = await problem(asking);

    assert.deepEqual([name, message, status, hint], ['NotFound', told.message, 404, told.hint]);
  }
});

test('an answer of somebody else is told by its status', async () => {
  const page = () => new Response('<h1>no</h1>', { status: 502, statusText: 'Bad Gateway' });
  for (const answer of [page, saying('{"message": 5}', {}, 502), saying('null', {}, 502)]) {
    const { name, message, status } = await problem(aClient(answer).client.status());

    assert.deepEqual([name, status], ['Problem', 502]);
    assert.match(message, /^The server answered 502( Bad Gateway)?$/);
  }
});

test('a part of a file is asked for by its bytes, and says how long the file is', async () => {
  const part = saying('llo', { 'Content-Range': 'bytes 2-4/11' }, 206);
  const { client, asked } = aClient(part);

  const { data, offset, size } = await client.fileBytes('r', 'a.txt', 2, 3);

  assert.equal(asked[0].headers.get('Range'), 'bytes=2-4');
  assert.deepEqual([new TextDecoder().decode(data), offset, size], ['llo', 2, 11]);
});

test('a file without the part that was asked for ends there', async () => {
  const empty = await aClient(saying('', {}, 416)).client.fileBytes('r', 'a.txt', 5, 3);
  const whole = await aClient(saying('hello')).client.fileBytes('r', 'a.txt', 0, 9);

  assert.deepEqual([empty.data.length, empty.offset, empty.size], [0, 5, 5]);
  assert.deepEqual([whole.data.length, whole.offset, whole.size], [5, 0, 5]);
});

test('a piece of a log says where it stands, in bytes', async () => {
  const headers = { 'X-Aml-Offset': '7', 'X-Aml-Size': '20' };

  const told = await aClient(saying('ünd', headers)).client.logTail('r', 'a.log', 4);
  const bare = await aClient(saying('ünd')).client.logTail('r', 'a.log', 4);
  const bytes = await aClient(saying('ünd', headers)).client.logBytes('r', 'a.log', 7, 4);

  assert.deepEqual(told, { text: 'ünd', offset: 7, end: 11, size: 20 });
  assert.deepEqual(bare, { text: 'ünd', offset: 0, end: 4, size: 4 });
  assert.deepEqual([bytes.data.length, bytes.offset, bytes.size], [4, 7, 20]);
});

/** What a browser reads a picture with. */
class Reader {
  result = '';
  onload: () => void = () => {};

  async readAsDataURL(blob: Blob) {
    const bytes = Buffer.from(await blob.arrayBuffer());
    this.result = `data:${blob.type};base64,${bytes.toString('base64')}`;
    this.onload();
  }
}

test('a picture is one of the four kinds that cannot act, and not too large', async () => {
  Object.assign(globalThis, { FileReader: Reader });
  const picture = (type: string, limit = 3) =>
    aClient(saying('PNG', { 'Content-Type': type })).client.picture('r', 'a', limit);

  for (const kind of ['png', 'jpeg', 'gif', 'webp']) {
    assert.equal(await picture(`image/${kind}`), `data:image/${kind};base64,UE5H`);
  }
  const others = ['image/svg+xml', 'text/html', 'image/pngx', 'ximage/png', 'image/bmp', ''];
  for (const type of others) {
    assert.equal(await picture(type), null, type);
  }
  assert.equal(await picture('image/png', 2), null);
});
