import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Loaded } from '../src/models/common/loaded';
import { FakeServer, settled, underway } from './samples';

/** What is loaded as a text, word by word of the events. */
class Page extends Loaded {
  text = '';
  readonly answers: { give(text: string): void; fail(error: Error): void }[] = [];

  async refresh() {
    const { answer, give, fail } = underway<string>();
    this.answers.push({ give, fail });
    await this.load(
      () => answer,
      text => {
        this.text = text;
      }
    );
  }

  turn() {
    this.forget();
  }

  ask() {
    return { type: 'subscribe', topic: 'runs', workspace: 'default' } as const;
  }

  hear({ type }: { type: string }) {
    this.remember(() => this.hear({ type }));
    this.text += type;
  }
}

const said = ({ text, problem, isLoading }: Page) => ({ text, problem, isLoading });

test('of two answers the one that was asked for last is kept, in whatever order they come', async () => {
  const page = new Page(new FakeServer());
  const asking = [page.refresh(), page.refresh()];

  page.answers[1].give('new');
  await asking[1];
  assert.deepEqual(said(page), { text: 'new', problem: null, isLoading: false });
  page.answers[0].give('old');
  await asking[0];

  assert.deepEqual(said(page), { text: 'new', problem: null, isLoading: false });
});

test('an answer that was overtaken ends neither the loading nor what is heard meanwhile', async () => {
  const page = new Page(new FakeServer());
  const asking = [page.refresh(), page.refresh()];

  page.hear({ type: '!' });
  page.answers[0].give('old');
  await asking[0];
  assert.deepEqual(said(page), { text: '!', problem: null, isLoading: true });
  page.answers[1].give('new');
  await asking[1];

  assert.deepEqual(said(page), { text: 'new!', problem: null, isLoading: false });
});

test('a failure is told until something is loaded, and one that was overtaken never', async () => {
  const page = new Page(new FakeServer());
  const asking = [page.refresh(), page.refresh()];

  page.answers[0].fail(new Error('too late'));
  await asking[0];
  assert.equal(page.problem, null);
  page.answers[1].fail(new Error('the engine is away'));
  await asking[1];
  assert.deepEqual(said(page), { text: '', problem: 'the engine is away', isLoading: false });

  const again = page.refresh();
  page.answers[2].give('there');
  await again;
  assert.deepEqual(said(page), { text: 'there', problem: null, isLoading: false });
});

test('what is heard while an answer is on its way is done again on it, once', async () => {
  const page = new Page(new FakeServer());
  page.hear({ type: '0' });
  const asking = page.refresh();

  page.hear({ type: '1' });
  page.hear({ type: '2' });
  assert.equal(page.text, '012');
  page.answers[0].give('answer ');
  await asking;
  assert.equal(page.text, 'answer 12');

  const again = page.refresh();
  page.answers[1].give('next');
  await again;
  assert.equal(page.text, 'next');
});

test('of one that turns elsewhere nothing that is on its way is kept', async () => {
  const page = new Page(new FakeServer());
  const asking = page.refresh();
  page.hear({ type: '!' });

  page.turn();
  assert.equal(page.isLoading, false);
  page.answers[0].give('from elsewhere');
  await asking;
  const again = page.refresh();
  page.answers[1].give('here');
  await again;

  assert.deepEqual(said(page), { text: 'here', problem: null, isLoading: false });
});

test('what was offline or missing is loaded again when it is back, and nothing else is', () => {
  const page = new Page(new FakeServer());
  const link = (...states: ('offline' | 'missing' | 'connecting' | 'online')[]) =>
    states.forEach(state => page.link({ state, message: state }));

  link('connecting', 'online');
  assert.equal(page.answers.length, 0);
  link('offline');
  assert.equal(page.answers.length, 0);
  link('online');
  assert.equal(page.answers.length, 1);
  link('missing', 'online');
  assert.equal(page.answers.length, 2);
  assert.deepEqual(page.link_, { state: 'online', message: 'online' });
});

test('one follows once, however often it is started, and not after it is stopped', () => {
  const server = new FakeServer();
  const page = new Page(server);

  page.start();
  page.start();
  assert.equal(server.followers.length, 1);
  page.stop();
  page.stop();
  assert.equal(server.followers.length, 0);
  page.start();
  assert.equal(server.followers.length, 1);
});

test('who tries again has the connection tried and the answer asked for', async () => {
  const server = new FakeServer();
  let tried = 0;
  server.retry = () => void (tried += 1);
  const page = new Page(server);

  void page.retry();
  await settled();

  assert.deepEqual([tried, page.answers.length], [1, 1]);
});

test('each change of what is shown is told', async () => {
  const page = new Page(new FakeServer());
  const told: object[] = [];
  page.changed.subscribe(() => told.push(said(page)));

  const asking = page.refresh();
  page.answers[0].give('there');
  await asking;
  page.link({ state: 'offline', message: '' });

  assert.deepEqual(told, [
    { text: '', problem: null, isLoading: true },
    { text: 'there', problem: null, isLoading: false },
    { text: 'there', problem: null, isLoading: false }
  ]);
});
