import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Polled } from '../src/models/common/polled';
import { Signal } from '../src/models/common/signal';
import { settled, underway } from './samples';

class Number_ extends Polled {
  number = 0;
  readonly answers: { give(number: number): void; fail(error: Error): void }[] = [];

  protected async ask() {
    const { answer, give, fail } = underway<number>();
    this.answers.push({ give, fail });
    const number = await answer;
    return () => {
      this.number = number;
    };
  }
}

/** What is polled every second, with the news of the world and the test's clock. */
function aPoll(t: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const news = new Signal();
  const poll = new Number_(news, 1_000);
  let told = 0;
  poll.changed.subscribe(() => (told += 1));
  const answer = async (number: number, at = -1) => {
    poll.answers.at(at)!.give(number);
    await settled();
  };
  return { poll, news, answer, told: () => told };
}

test('it is asked for again a pause after each answer, while somebody looks', async t => {
  const { poll, answer } = aPoll(t);

  const leave = poll.watch();
  assert.deepEqual([poll.answers.length, poll.hasLoaded], [1, false]);
  mock.timers.tick(60_000);
  assert.equal(poll.answers.length, 1, 'a slow server is not asked again and again');
  await answer(1);
  assert.deepEqual([poll.number, poll.hasLoaded], [1, true]);
  mock.timers.tick(999);
  assert.equal(poll.answers.length, 1);
  mock.timers.tick(1);
  assert.equal(poll.answers.length, 2);
  await answer(2);
  leave();
  mock.timers.tick(60_000);

  assert.deepEqual([poll.answers.length, poll.number], [2, 2]);
});

test('two who look are one who asks, and who leaves twice leaves once', async t => {
  const { poll, news, answer } = aPoll(t);
  const [one, other] = [poll.watch(), poll.watch()];
  await answer(1);

  one();
  one();
  mock.timers.tick(1_000);
  assert.equal(poll.answers.length, 2);
  await answer(2);
  other();
  news.emit();
  mock.timers.tick(60_000);
  assert.deepEqual([poll.answers.length, news.isHeard], [2, false]);
  poll.watch();

  assert.deepEqual([poll.answers.length, news.isHeard], [3, true]);
});

test('news of the world is a reason to ask at once, and the pause begins anew', async t => {
  const { poll, news, answer } = aPoll(t);
  poll.watch();
  await answer(1);
  mock.timers.tick(600);

  news.emit();
  assert.equal(poll.answers.length, 2);
  await answer(2);
  mock.timers.tick(999);
  assert.equal(poll.answers.length, 2);
  mock.timers.tick(1);

  assert.equal(poll.answers.length, 3);
});

test('of two answers the one that was asked for last counts, in whatever order they come', async t => {
  const { poll, news, answer, told } = aPoll(t);
  poll.watch();
  news.emit();

  await answer(2, 1);
  await answer(1, 0);
  assert.deepEqual([poll.number, told()], [2, 1]);
  mock.timers.tick(1_000);

  assert.equal(poll.answers.length, 3, 'only the last one begins a pause');
});

test('a failure is told until there is an answer, and one that was overtaken never', async t => {
  const { poll, news, answer, told } = aPoll(t);
  poll.watch();
  news.emit();

  poll.answers[0].fail(new Error('too late'));
  await settled();
  assert.deepEqual([poll.problem, told()], [null, 0]);
  poll.answers[1].fail(new Error('docker is away'));
  await settled();
  assert.deepEqual([poll.problem, poll.hasLoaded, told()], ['docker is away', false, 1]);
  mock.timers.tick(1_000);
  await answer(3);

  assert.deepEqual([poll.problem, poll.hasLoaded, poll.number, told()], [null, true, 3, 2]);
});

test('an answer that comes when nobody looks any more is kept, and is the last one', async t => {
  const { poll, answer } = aPoll(t);
  const leave = poll.watch();

  leave();
  await answer(1);
  mock.timers.tick(60_000);

  assert.deepEqual([poll.number, poll.answers.length], [1, 1]);
});
