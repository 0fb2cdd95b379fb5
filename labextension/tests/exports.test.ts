import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsCsv } from '../src/models/run/exports';
import { RunModel } from '../src/models/run/run';
import { aRun, aSeries, FakeServer } from './samples';

/** A run of whose two curves one is here as a whole, the other thinned out. */
function aModel(server: FakeServer | null): RunModel {
  const model = new RunModel('r', server);
  const loss = { ...aSeries([0, 1], [0.5, 0.25]), t: [10, 11] };
  const thin = { ...aSeries([0, 9], [1, 2]), t: [10, 19], count: 10 };
  const metrics = { runId: 'r', series: { loss, thin }, values: {}, cursor: 1 };
  model.hear({ type: 'run', run: aRun({ runId: 'r' }) });
  model.hear({ type: 'metrics', replace: true, metrics });
  return model;
}

test('all points are exported, one a line, those that are not here from the server', async () => {
  const server = new FakeServer();
  const asked: unknown[][] = [];
  server.rest.series = async (...of) => {
    asked.push(of);
    const whole = { ...aSeries([0, 4, 9], [1, 7, 2]), t: [10, 14, 19] };
    return { runId: 'r', series: { thin: whole }, values: {}, cursor: 1 };
  };
  const model = aModel(server);
  model.start();

  const csv = await metricsCsv(model);

  assert.deepEqual(asked, [['r', 'thin', 0]]);
  assert.equal(
    csv,
    'metric,step,value,time\nloss,0,0.5,10\nloss,1,0.25,11\nthin,0,1,10\nthin,4,7,14\nthin,9,2,19\n'
  );
  model.stop();
});

test('without a server the points that are here are exported', async () => {
  for (const model of [aModel(null), aModel(new FakeServer())]) {
    const lines = (await metricsCsv(model)).trimEnd().split('\n');

    assert.deepEqual(lines.slice(3), ['thin,0,1,10', 'thin,9,2,19']);
  }
});

test('a series that the server has no more is exported as it is here', async () => {
  const server = new FakeServer();
  server.rest.series = async () => ({ runId: 'r', series: {}, values: {}, cursor: 1 });
  const model = aModel(server);
  model.start();

  const lines = (await metricsCsv(model)).trimEnd().split('\n');

  assert.deepEqual(lines.slice(3), ['thin,0,1,10', 'thin,9,2,19']);
  model.stop();
});

test('names and values that are no plain words or numbers stay in their columns', async () => {
  const model = new RunModel('r');
  const series = {
    'a,"b"': aSeries([0, 1], [NaN, null as never]),
    '=1+1': aSeries([0], [Infinity])
  };
  model.hear({
    type: 'metrics',
    replace: true,
    metrics: { runId: 'r', series, values: {}, cursor: 1 }
  });

  const lines = (await metricsCsv(model)).trimEnd().split('\n').slice(1);

  assert.equal(lines.length, 3);
  assert.ok(lines[0].startsWith('"a,""b""",0,'));
  assert.ok(lines[2].startsWith(`'=1+1,0,`));
});

test('a run that logged nothing has the head alone', async () => {
  assert.equal(await metricsCsv(new RunModel('r')), 'metric,step,value,time\n');
});
