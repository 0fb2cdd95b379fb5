import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { COLOURS, strokesOf } from '../src/models/charts/colours';
import { plain } from '../src/models/common/words';
import { axesOf, axis, csvOf, traitsOf } from '../src/models/compare/columns';
import { ComparisonModel } from '../src/models/compare/comparison';
import { curveNames, overlay } from '../src/models/compare/overlay';
import type { WireMetrics, WireRun } from '../src/wire';
import { aRun, aSeries, FakeServer, settled, underway } from './samples';

const at = (second: number) => `2026-11-21T12:00:0${second}.000000Z`;
const RUNS = [
  aRun({ runId: 'a', number: 1, parameters: { alpha: 0.1, kind: 'ridge' }, metrics: { rmse: 5 } }),
  aRun({ runId: 'b', number: 2, parameters: { alpha: 0.5, kind: 'ridge' }, metrics: {} })
];

function compared(runs = RUNS): ComparisonModel {
  const model = new ComparisonModel(
    runs.map(run => run.runId),
    null
  );
  model.restore({ runs, metrics: {}, savedAt: at(0) });
  return model;
}

function trait(name: string, runs = RUNS) {
  return traitsOf(compared(runs), plain).find(one => one.name === name)!;
}

test('what differs is marked, and what one run lacks differs', () => {
  assert.equal(trait('alpha').differs, true);
  assert.equal(trait('kind').differs, false);
  assert.equal(trait('rmse').differs, true);
  assert.deepEqual(trait('rmse').texts, ['5', '']);
});

test('durations differ where they read differently', () => {
  const lasting = (endedAt: string[]) =>
    trait(
      'Duration',
      endedAt.map(end => aRun({ runId: end, startedAt: at(1), endedAt: end }))
    );
  const [moment, later, second] = [at(1), at(1).replace('000000', '000009'), at(2)];

  assert.equal(lasting([moment, later]).differs, false);
  assert.equal(lasting([moment, second]).differs, true);
});

test('a run that was deleted is compared as the notebook holds it', async () => {
  const kept = aRun({ runId: 'b', status: 'Completed' });
  const gone = new FakeServer();
  const run = async () => Promise.reject(new Error('there is no run b'));
  Object.assign(gone.rest, { run });
  const model = new ComparisonModel(['b'], gone);
  model.restore({ runs: [kept], metrics: {}, savedAt: at(0) });

  await model.load();

  assert.deepEqual(model.runs, [kept]);
  assert.equal(model.problems.get('b'), 'there is no run b');
});

test('an axis spans its numbers, and words stand apart on theirs', () => {
  const runs = [...RUNS, aRun({ runId: 'c', parameters: { alpha: 0.3, kind: 'lasso' } })];
  assert.deepEqual(axis(trait('alpha', runs)).places, [0, 1, 0.49999999999999994]);
  assert.deepEqual(axis(trait('kind', runs)).places, [1, 1, 0]);
  assert.deepEqual(axis(trait('rmse', runs)).places, [0.5, null, null]);
});

test('a parameter of one word for all runs is no axis', () => {
  const names = axesOf(traitsOf(compared(), plain)).map(one => one.name);
  assert.ok(names.includes('alpha') && names.includes('rmse'));
  assert.ok(!names.includes('kind') && !names.includes('Status'));
});

test('a table keeps quotes, commas and line ends of its values', () => {
  const run = aRun({ runId: 'a', parameters: { text: 'one, "two"\nthree' } });
  assert.equal(
    csvOf([run], [trait('text', [run])]),
    'run,number,text\r\na,1,"one, ""two""\nthree"\r\n'
  );
});

test('curves of different steps lie over one axis, and a missing step is no gap', () => {
  const metrics = new Map<string, WireMetrics>([
    ['a', { runId: 'a', series: { loss: aSeries([0, 2], [9, 7]) }, values: {}, cursor: 0 }],
    ['b', { runId: 'b', series: { loss: aSeries([1, 2], [5, 4]) }, values: {}, cursor: 0 }]
  ]);

  const { x, curves } = overlay('loss', RUNS, metrics, { byTime: false, smoothing: 0 });

  assert.deepEqual(curveNames(metrics), ['loss']);
  assert.deepEqual(x, [0, 1, 2]);
  assert.deepEqual([...curves.get('a')!.y], [9, undefined, 7]);
  assert.deepEqual([...curves.get('b')!.y], [undefined, 5, 4]);
});

test('over time each curve begins when its run began', () => {
  const runs = [aRun({ runId: 'a', startedAt: at(1) }), aRun({ runId: 'b', startedAt: at(5) })];
  const seconds = (...of: number[]) => of.map(second => Date.parse(at(second)) / 1000);
  const series = (t: number[]) => ({ loss: { ...aSeries([0, 1], [2, 1]), t } });
  const metrics = new Map<string, WireMetrics>([
    ['a', { runId: 'a', series: series(seconds(1, 2)), values: {}, cursor: 0 }],
    ['b', { runId: 'b', series: series(seconds(5, 6)), values: {}, cursor: 0 }]
  ]);

  const { x } = overlay('loss', runs, metrics, { byTime: true, smoothing: 0 });

  assert.deepEqual(x, [0, 1]);
});

test('a run has the colour of its number, and another of that colour is dashed', () => {
  const [one, other] = [
    { runId: 'one', number: 3 },
    { runId: 'other', number: 3 + COLOURS.length }
  ];
  assert.equal(strokesOf([other]).get('other')!.colour, strokesOf([one]).get('one')!.colour);
  assert.equal(strokesOf([one, other]).get('other')!.isDashed, true);
  assert.equal(strokesOf([one, other]).get('one')!.isDashed, false);
});

/** A comparison of one run that goes on, with a server that answers what the test says. */
async function live(t: TestContext, run: WireRun) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const server = new FakeServer();
  const model = new ComparisonModel([run.runId], server);
  t.after(() => {
    model.stop();
    mock.timers.reset();
  });
  const asked: string[] = [];
  server.rest.run = async () => run;
  server.rest.metrics = async runId => {
    asked.push(runId);
    return { runId, series: { loss: aSeries([asked.length]) }, values: {}, cursor: 0 };
  };
  server.rest.facts = async () => {
    throw new Error('its folder is gone');
  };
  await model.load();
  return { server, model, asked };
}

test('what a run did while it was asked for is not undone by the answer', async t => {
  const { server, model } = await live(t, aRun({ runId: 'a', seq: 2 }));
  const { answer, give } = underway<WireRun>();
  server.rest.run = () => answer;

  const loading = model.load();
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 4, status: 'Completed' }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3 }) });
  give(aRun({ runId: 'a', seq: 2 }));
  await loading;

  assert.deepEqual([model.runs[0].status, model.runs[0].seq], ['Completed', 4]);
});

test('a stored run, however new it says it is, gives way to what the server says', async t => {
  const { server, model } = await live(t, aRun({ runId: 'a', seq: 2 }));
  const stored = new ComparisonModel(['a', 'gone'], server);
  t.after(() => stored.stop());
  const runs = [aRun({ runId: 'a', seq: 1e9 }), aRun({ runId: 'gone', seq: 1e9 })];
  stored.restore({ runs, metrics: {}, savedAt: at(0) });
  server.rest.run = async runId => {
    if (runId === 'gone') {
      throw new Error('there is no run gone');
    }
    return model.runs[0];
  };

  await stored.load();

  assert.deepEqual(
    stored.runs.map(run => run.seq),
    [2, 1e9]
  );
  assert.equal(stored.ask().seq, 2, 'else nothing would be heard for a billion changes');
});

test('of a run that goes on the points are asked for again, once for many changes', async t => {
  const { server, model, asked } = await live(t, aRun({ runId: 'a', seq: 2 }));
  assert.deepEqual([asked, model.problems.get('a')], [['a'], 'its folder is gone']);

  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 3 }) });
  server.push({ type: 'run', run: aRun({ runId: 'b', seq: 4 }) });
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 5 }) });
  mock.timers.tick(2_000);
  await settled();
  assert.deepEqual([asked, model.metrics.get('a')?.series.loss.x], [['a', 'a'], [2]]);
  server.push({ type: 'run', run: aRun({ runId: 'a', seq: 6 }) });
  mock.timers.tick(2_000);
  await settled();

  assert.deepEqual(asked, ['a', 'a', 'a']);
});

test('runs that have all ended are followed, too: a lost server leaves them as they were', async t => {
  const { server, model } = await live(t, aRun({ status: 'Completed' }));

  assert.deepEqual(server.followers, [model]);
});
