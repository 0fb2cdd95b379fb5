import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearing } from '../src/models/common/hearing';
import { clock } from '../src/models/common/words';
import { ComparisonModel } from '../src/models/compare/comparison';
import { CONSOLE } from '../src/models/run/logNames';
import { RunModel } from '../src/models/run/run';
import type { LinkState } from '../src/tokens';
import { aCard, aRun, FakeServer, settled } from './samples';

const link = (state: LinkState) => ({ state, message: state });

test('what is shown is of the moment at which the server was lost, until it is back', () => {
  const hearing = new Hearing();
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 29, 14, minute));

  assert.equal(hearing.take(link('connecting'), at(0)), false);
  assert.equal(hearing.take(link('online'), at(1)), true);
  hearing.take(link('offline'), at(3));
  hearing.take(link('missing'), at(5));
  assert.deepEqual([hearing.isAway, hearing.lostAt], [true, '2026-11-29T14:03:00.000Z']);

  assert.equal(hearing.take(link('online'), at(7)), true);
  assert.deepEqual([hearing.isAway, hearing.lostAt], [false, null]);
});

test('a time of today is told without its date', () => {
  const [then, later] = [new Date(2026, 10, 29, 14, 3), new Date(2026, 10, 30, 9)];

  assert.equal(clock(then.toISOString(), then.getTime()), '14:03');
  assert.equal(clock(then.toISOString(), later.getTime()), `${then.toLocaleDateString()} 14:03`);
});

test('a run keeps the way to what a lost server gave, and a stored one never had it', () => {
  const [followed, stored] = ['a', 'b'].map(id => new RunModel(id, new FakeServer()));
  stored.restore(aCard({ run: aRun({ runId: 'b' }) }));
  followed.start();
  for (const run of [followed, stored]) {
    run.link(link('offline'));
  }

  assert.deepEqual([followed.way, stored.way], [null, null]);
  assert.ok(followed.server && followed.logReader(CONSOLE));
  assert.deepEqual([stored.server, stored.logReader(CONSOLE)], [null, null]);
  assert.equal(stored.asOf, '2026-11-21T12:01:01.000000Z');
});

test('a comparison is loaded again when the server is back, and keeps its runs till then', async () => {
  const server = new FakeServer();
  let asked = 0;
  const run = async () => {
    asked += 1;
    return aRun({ status: 'Completed' });
  };
  Object.assign(server.rest, { run, metrics: async () => null, facts: async () => null });
  const model = new ComparisonModel(['diabetes_1_a'], server);
  await model.load();
  await settled();

  model.link(link('offline'));
  assert.deepEqual([model.runs.length, model.hearing.isAway, asked], [1, true, 1]);
  model.link(link('online'));
  await settled();

  assert.equal(asked, 2);
});
