import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { plain } from '../src/models/common/words';
import {
  busyWords,
  mostWords,
  nodesWords,
  sizeWords,
  targetFace
} from '../src/models/compute/faces';
import { noted, TargetPageModel } from '../src/models/compute/target';
import {
  canStop,
  isScaled,
  settingsOf,
  submitLine,
  targetCode,
  TargetList
} from '../src/models/compute/targets';
import { targetNodes } from '../src/models/compute/tree';
import { spanOf, usage } from '../src/models/compute/use';
import type { WireCompute, WireComputeSample, WireKernel, WireRun } from '../src/wire';
import { aKind, aRun, aSetting, aTarget, FakeServer, settled } from './samples';

const NEWS = {
  type: 'registered',
  noun: 'compute',
  workspace: 'default',
  name: 'cluster'
} as const;

const aNode = (id: string, state: WireCompute['nodes'][number]['state']) => ({
  id,
  state,
  runs: [],
  kernels: [],
  since: null,
  address: '',
  note: ''
});
const aKernel = (different: Partial<WireKernel>) => ({ kernelId: 'k', ...different }) as WireKernel;

function aList(server: FakeServer): TargetList {
  const list = new TargetList(server, 3000);
  list.start();
  return list;
}

test('targets are asked for when they change, and now and then while they are seen', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const server = new FakeServer();
    server.targets = [aTarget({ workspace: null, name: 'local' })];
    const list = aList(server);
    await list.refresh();

    server.targets = [...server.targets, aTarget()];
    server.push(NEWS);
    server.push(NEWS);
    mock.timers.tick(200);
    await settled();
    assert.deepEqual(
      [list.rows.map(one => one.name), server.targetReads],
      [['local', 'cluster'], 2]
    );
    list.stir();
    mock.timers.tick(200);
    await settled();
    assert.equal(server.targetReads, 3);
    mock.timers.tick(3000);
    await settled();
    assert.equal(server.targetReads, 4);

    list.stop();
    list.stir();
    mock.timers.tick(60_000);
    await settled();
    assert.equal(server.targetReads, 4);
  } finally {
    mock.timers.reset();
  }
});

test('the face of a target is the most telling of what is known', () => {
  const faces: [Partial<WireCompute>, string][] = [
    [{}, 'idle'],
    [{ busy: 1 }, 'busy'],
    [{ busy: 1, state: 'Resizing' }, 'resizing'],
    [{ state: 'Creating' }, 'creating'],
    [{ state: 'Failed', why: 'gone' }, 'failed'],
    [{ refusal: 'it takes none' }, 'refusing'],
    [{ busy: 1, isStopped: true }, 'stopped']
  ];

  for (const [different, state] of faces) {
    assert.equal(targetFace(aTarget(different)).state, state, JSON.stringify(different));
  }
});

test('words say how busy a target is', () => {
  const nodes = [aNode('a', 'starting'), aNode('b', 'busy'), aNode('c', 'busy')];

  assert.equal(nodesWords(nodes, plain), '2 busy, 1 starting');
  assert.equal(
    busyWords(aTarget({ busy: 2, slots: 4, waiting: 1, nodes }), plain),
    '2 of 4 places taken · 1 run waits · nodes: 2 busy, 1 starting'
  );
  assert.equal(busyWords(aTarget({ slots: 1 }), plain), '0 of 1 place taken');
  assert.equal(
    sizeWords({ cores: 6, memory: 56 * 2 ** 30, gpus: 1 }, plain),
    '6 cores, 56 GiB, 1 GPU'
  );
  assert.equal(sizeWords({ cores: 1, memory: 3.5 * 2 ** 30, gpus: 0 }, plain), '1 core, 3.5 GiB');
});

test('words say on how many nodes one run may be, where that is more than one', () => {
  assert.equal(mostWords({ mostNodes: 1 }, plain), '');
  assert.equal(mostWords({ mostNodes: 4 }, plain), 'on up to 4 nodes at once');
  assert.equal(mostWords({ mostNodes: null }, plain), 'on as many nodes as its queue gives');
});

test('a kernel that waits for a target, or that no server has, is a row of it', () => {
  const seat = (id: string) => ({ id, state: 'queued', hasServer: true }) as never;
  const cluster = aTarget({ kernels: [seat('k1'), seat('k2')] });
  const rows = targetNodes(
    {
      targets: [cluster],
      runs: [],
      kernels: [aKernel({ kernelId: 'k1', spec: 'gone', compute: 'cluster' })],
      specs: [],
      open: new Set(['cluster']),
      filter: ''
    },
    plain
  );

  assert.deepEqual(
    rows.map(({ id, kind }) => [id, kind]),
    [
      ['target-cluster', 'target'],
      ['kernel-k1', 'kernel'],
      ['kernel-k2', 'other']
    ]
  );
});

test('below a target is what is on it, and nothing of others', () => {
  const cluster = aTarget({ waiting: 2, nodes: [aNode('a', 'busy')], why: 'node b was lost' });
  const local = aTarget({ workspace: null, name: 'local', kind: 'local', type: 'Local' });
  const ground = {
    targets: [local, cluster],
    runs: [
      aRun({ runId: 'r1', target: 'cluster' }),
      aRun({ runId: 'r2', target: 'cluster', status: 'Queued' }),
      aRun({ runId: 'r3', target: 'local' })
    ],
    kernels: [
      aKernel({ kernelId: 'k1', spec: 'python3' }),
      aKernel({ kernelId: 'k2', spec: 'far' })
    ],
    specs: [{ spec: 'far', compute: 'cluster' }] as never,
    open: new Set(['cluster', 'local']),
    filter: ''
  };
  const ids = (different: object) =>
    targetNodes({ ...ground, ...different }, plain).map(({ id }) => id);

  assert.deepEqual(ids({}), [
    'target-local',
    'run-r3',
    'kernel-k1',
    'target-cluster',
    'why-cluster',
    'nodes-cluster',
    'run-r1',
    'waiting-cluster',
    'kernel-k2'
  ]);
  assert.deepEqual(ids({ open: new Set() }), ['target-local', 'target-cluster']);
  assert.deepEqual(ids({ filter: 'amlcomp', open: new Set() }), ['target-cluster']);
  assert.deepEqual(ids({ runs: [], kernels: [], targets: [local] }), [
    'target-local',
    'nothing-local'
  ]);
});

test('what was there before is neither stopped nor resized, and this machine not at all', () => {
  const attached = aTarget({ kind: 'ssh', isAttached: true });
  const local = aTarget({ workspace: null, kind: 'cluster' });
  const kinds = [aKind(), aKind({ name: 'ssh', isScaled: false })];
  const targets = [aTarget(), attached, local];

  assert.deepEqual(targets.map(canStop), [true, false, false]);
  assert.deepEqual(
    targets.map(one => isScaled(one, kinds)),
    [true, false, false]
  );
});

test('settings have their labels, and of a secret it is said where it is', () => {
  const settings = { host: 'far', password: 'secret://compute/far/password', old: [1] };
  const kind = aKind({ settings: [aSetting({ label: 'Host' })] });

  assert.deepEqual(settingsOf(aTarget({ settings }), kind, plain), {
    Host: 'far',
    password: 'in the vault',
    old: [1]
  });
});

test('the code of a target is Python, whatever its name', () => {
  const code = targetCode(aTarget({ name: 'a"b' }), 'my ws');

  assert.match(code, /^ws = Workspace\.get\("my ws"\)$/m);
  assert.match(code, /^target = ComputeTarget\(ws, "a\\"b"\)$/m);
  assert.equal(submitLine(aTarget()), '%%aml submit -c cluster');
});

async function aPage(server: FakeServer): Promise<TargetPageModel> {
  const page = new TargetPageModel('default', 'cluster', server);
  page.start();
  await page.refresh();
  return page;
}

test('a page has the runs of its target, and those that wait for it in their order', async () => {
  const server = new FakeServer();
  server.targets = [aTarget()];
  const queued = (runId: string, createdAt: string): WireRun =>
    aRun({ runId, createdAt, status: 'Queued', target: 'cluster' });
  server.pages = [
    [
      queued('late', '2026-11-21T12:00:02Z'),
      queued('early', '2026-11-21T12:00:01Z'),
      aRun({ runId: 'going', target: 'cluster' }),
      aRun({ runId: 'elsewhere' })
    ]
  ];
  const page = await aPage(server);

  assert.deepEqual(
    page.running.map(run => run.runId),
    ['going']
  );
  assert.deepEqual(
    page.queue.map(run => run.runId),
    ['early', 'late']
  );
  assert.equal(page.kind?.label, 'Cluster of nodes');
  page.stop();
  assert.deepEqual(server.followers, []);
});

test('a target that was deleted stays on its page, which says so', async () => {
  const server = new FakeServer();
  server.targets = [aTarget({ description: 'ours' })];
  const page = await aPage(server);

  server.targets = [];
  await page.refresh();
  assert.deepEqual([page.isGone, page.target?.description, page.problem], [true, 'ours', null]);
  server.targets = [aTarget({ description: 'another' })];
  await page.refresh();
  assert.deepEqual([page.isGone, page.target?.description], [false, 'another']);
  page.stop();
});

test('a page of no target says that there is none', async () => {
  const page = await aPage(new FakeServer());

  assert.deepEqual([page.target, page.isGone], [null, false]);
  assert.match(page.problem ?? '', /no compute target/);
  page.stop();
});

const at = (seconds: number) => new Date(Date.parse('2026-11-21T12:00:00Z') + 1000 * seconds);
const aSample = (seconds: number, busy: number): WireComputeSample => ({
  at: at(seconds).toISOString(),
  slots: 2,
  busy,
  waiting: 0,
  nodes: busy
});

test('a sample is noted when something is other than it was', () => {
  const same = noted([aSample(0, 1)], aTarget({ slots: 2, busy: 1, nodes: [aNode('a', 'busy')] }));
  const other = noted([aSample(0, 1)], aTarget({ slots: 2, busy: 0 }), at(9));

  assert.equal(same.length, 1);
  assert.deepEqual(other.at(-1), { ...aSample(9, 0) });
});

test('use is a line of steps that ends now, with its peak and its mean', () => {
  const samples = [aSample(-100, 2), aSample(50, 0), aSample(90, 1)];

  const use = usage(samples, at(100).getTime(), 100);

  assert.deepEqual(use.busy, [
    [-100, 2],
    [-50, 2],
    [-50, 0],
    [-10, 0],
    [-10, 1],
    [0, 1]
  ]);
  assert.deepEqual([use.top, use.peak, use.share], [2, 2, 110 / 200]);
  assert.deepEqual(usage([], 0, 100).busy, []);
  const spans = [10, 300, 301, 1000, 9000].map(age => spanOf(samples, at(age - 100).getTime()));
  assert.deepEqual(spans, [300, 300, 900, 3600, 3600]);
});
