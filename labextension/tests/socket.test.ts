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
