import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { EventSocket } from '../src/api/socket';
import type { Follower, Link } from '../src/tokens';
import { PROTOCOL } from '../src/wire';
import type { WireEvent, WireStatus } from '../src/wire';
import { settled } from './samples';

const STATUS = { version: '1', protocol: PROTOCOL } as WireStatus;

class FakeSocket {
  static readonly OPEN = 1;
  readyState = 1;
  sent: { type: string; seq?: number; turn?: number }[] = [];
  onmessage: (message: { data: string }) => void = () => {};
  onclose: () => void = () => {};
  send = (text: string) => void this.sent.push(JSON.parse(text));
  say = (event: object) => this.onmessage({ data: JSON.stringify(event) });

  close() {
    this.readyState = 3;
    this.onclose();
  }
}

class FakeFollower implements Follower {
  seq = 0;
  links: Link[] = [];
  heard: WireEvent[] = [];
  constructor(private readonly runId: string) {}
  ask = () => ({ type: 'subscribe', topic: 'run', runId: this.runId, seq: this.seq }) as const;
  hear = (event: WireEvent) => void this.heard.push(event);
  link = (link: Link) => void this.links.push(link);
}

let sockets: FakeSocket[];
let status: () => Promise<WireStatus>;
let feed: EventSocket;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  Object.assign(globalThis, { WebSocket: FakeSocket });
  sockets = [];
  status = async () => STATUS;
  const open = () => sockets[sockets.push(new FakeSocket()) - 1] as unknown as WebSocket;
  feed = new EventSocket({ status: () => status(), open });
});

async function online(): Promise<FakeSocket> {
  await settled();
  sockets.at(-1)!.say({ type: 'hello', status: STATUS });
  return sockets.at(-1)!;
}

test('two runs share one socket, and each hears of itself', async () => {
  const [a, b] = [new FakeFollower('a'), new FakeFollower('b')];
  feed.follow(a);
  feed.follow(b);

  (await online()).say({ type: 'files', runId: 'a' });

  assert.equal(sockets.length, 1);
  assert.deepEqual([a.heard.length, b.heard.length], [1, 0]);
});

test('after a lost connection everyone asks again from where they are', async () => {
  const a = new FakeFollower('a');
  feed.follow(a);
  const first = await online();
  a.seq = 7;

  first.close();
  mock.timers.tick(30_000);
  const second = await online();

  assert.equal(
    a.links.some(link => link.state === 'offline'),
    true
  );
  assert.equal(second.sent[0].seq, 7);
});

test('points that answer an earlier question are not heard: the newest has them, too', async () => {
  const a = new FakeFollower('a');
  const following = feed.follow(a);
  const socket = await online();
  following.again();
  const [first, newest] = socket.sent.map(message => message.turn!);
  const points = (turn?: number) => ({
    type: 'metrics',
    replace: false,
    metrics: { runId: 'a', series: {}, values: {}, cursor: 0 },
    turn
  });

  socket.say(points(first));
  assert.deepEqual(a.heard, []);
  socket.say(points(newest));
  socket.say(points(undefined));

  assert.deepEqual(a.heard, [points(newest), JSON.parse(JSON.stringify(points(undefined)))]);
});

test('the socket closes a second after the last one left', async () => {
  const following = feed.follow(new FakeFollower('a'));
  const socket = await online();

  following.dispose();
  assert.equal(socket.readyState, 1);
  mock.timers.tick(1_000);

  assert.equal(socket.readyState, 3);
  assert.equal(socket.sent.at(-1)?.type, 'unsubscribe');
});

test('a server without our part is not asked again and again', async () => {
  status = () => Promise.reject(Object.assign(new Error('Not Found'), { status: 404 }));
  const a = new FakeFollower('a');
  feed.follow(a);

  await settled();
  mock.timers.tick(120_000);
  await settled();

  assert.equal(a.links.at(-1)?.state, 'missing');
  assert.equal(sockets.length, 0);
});

test('a page and a server of different versions say what to do', async () => {
  status = async () => ({ ...STATUS, protocol: PROTOCOL + 1 });
  const a = new FakeFollower('a');
  feed.follow(a);

  await settled();

  assert.equal(a.links.at(-1)?.state, 'outdated');
  assert.match(a.links.at(-1)!.message, /Reload this page/);
  assert.equal(sockets.length, 0);
});

test('one who comes within the second finds the socket open', async () => {
  feed.follow(new FakeFollower('a')).dispose();
  const following = feed.follow(new FakeFollower('a'));
  const socket = await online();
  following.dispose();
  mock.timers.tick(500);

  feed.follow(new FakeFollower('b'));
  mock.timers.tick(10_000);

  assert.deepEqual([sockets.length, socket.readyState], [1, 1]);
});

test('what the socket of before says or does is heard no more', async () => {
  const first = feed.follow(new FakeFollower('a'));
  const old = await online();
  const close = old.onclose;
  old.onclose = () => {};
  first.dispose();
  mock.timers.tick(1_000);
  const b = new FakeFollower('b');
  feed.follow(b);
  await online();

  close();
  mock.timers.tick(60_000);
  await settled();

  assert.deepEqual([sockets.length, b.links.at(-1)?.state], [2, 'online']);
});

/** How often the server was asked at all, and whether it answers. */
function dials(answers: () => boolean): { count: number } {
  const asked = { count: 0 };
  status = async () => {
    asked.count += 1;
    if (!answers()) {
      throw new Error('no answer');
    }
    return STATUS;
  };
  return asked;
}

test('the pause before the next try doubles up to half a minute, and begins anew after a success', async () => {
  let isThere = false;
  const asked = dials(() => isThere);
  feed.follow(new FakeFollower('a'));
  await settled();

  for (let failures = 1; failures < 10; failures++) {
    const longest = Math.min(30_000, 500 * 2 ** (failures - 1));
    mock.timers.tick(Math.floor(longest / 2) - 1);
    await settled();
    assert.equal(asked.count, failures, 'not before half of the pause');
    mock.timers.tick(Math.ceil(longest / 2) + 1);
    await settled();
    assert.equal(asked.count, failures + 1, 'not after the whole of it');
  }

  isThere = true;
  mock.timers.tick(30_000);
  const socket = await online();
  const before = asked.count;
  socket.close();
  mock.timers.tick(500);
  await settled();
  assert.equal(asked.count, before + 1);
});

test('who tries again at once does not try twice, and needs no pause after it', async () => {
  let isThere = false;
  const asked = dials(() => isThere);
  feed.follow(new FakeFollower('a'));
  feed.retry();
  await settled();
  assert.equal(asked.count, 1, 'it was being tried already');

  isThere = true;
  feed.retry();
  await online();
  feed.retry();
  mock.timers.tick(60_000);
  await settled();

  assert.deepEqual([asked.count, sockets.length], [2, 1]);
});

test('a user who may not is told what the server says, and is not asked for again and again', async () => {
  status = () => Promise.reject(Object.assign(new Error('You may not.'), { status: 403 }));
  const a = new FakeFollower('a');
  feed.follow(a);

  await settled();
  mock.timers.tick(120_000);
  await settled();

  assert.deepEqual(
    [a.links.at(-1), sockets.length],
    [{ state: 'missing', message: 'You may not.' }, 0]
  );
});

test('each follower hears what concerns it, and nothing else', async () => {
  const topics = [
    { topic: 'run', runId: 'a' },
    { topic: 'runs', workspace: 'w' },
    { topic: 'runs', workspace: 'w', parentId: 'p' },
    { topic: 'environments', workspace: 'w' },
    { topic: 'registered', workspace: 'w' }
  ] as const;
  const followers = topics.map(asked => {
    const follower = new FakeFollower('');
    follower.ask = () => ({ type: 'subscribe', ...asked }) as never;
    feed.follow(follower);
    return follower;
  });
  const socket = await online();
  const hears = (event: object) => {
    followers.forEach(one => (one.heard.length = 0));
    socket.say(event);
    return followers.map(one => one.heard.length).join('');
  };
  const run = (runId: string, workspace: string, parentId: string | null) => ({
    type: 'run',
    run: { runId, workspace, parentId }
  });
  const place = { workspace: 'w', name: 'sk', version: '1' };

  assert.equal(hears(run('a', 'w', null)), '11000');
  assert.equal(hears(run('b', 'w', 'p')), '01100');
  assert.equal(hears(run('b', 'x', 'p')), '00000');
  assert.equal(hears({ type: 'reasons', reasons: { a: 'next' } }), '11100');
  assert.equal(hears({ type: 'reasons', reasons: { b: 'next' } }), '01100');
  assert.equal(hears({ type: 'deleted', runId: 'a', seq: 1 }), '11100');
  assert.equal(hears({ type: 'deleted', runId: 'b', seq: 1 }), '01100');
  assert.equal(hears({ type: 'problem', runId: null, problem: {} }), '01100');
  assert.equal(hears({ type: 'problem', runId: 'a', problem: {} }), '10000');
  assert.equal(hears({ type: 'metrics', metrics: { runId: 'a' } }), '10000');
  assert.equal(hears({ type: 'log', runId: 'a' }), '10000');
  assert.equal(hears({ type: 'gap', runId: 'b' }), '00000');
  assert.equal(hears({ type: 'environment', environment: place }), '00010');
  assert.equal(hears({ type: 'environmentGone', ...place }), '00010');
  assert.equal(hears({ type: 'environmentGone', ...place, workspace: 'x' }), '00000');
  assert.equal(hears({ type: 'registered', noun: 'model', name: 'm', workspace: 'w' }), '00001');
  assert.equal(hears({ type: 'registered', noun: 'model', name: 'm', workspace: 'x' }), '00000');
});
