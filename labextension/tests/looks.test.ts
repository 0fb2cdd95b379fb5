import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, smoothed } from '../src/models/charts/series';
import { imageFilesOf } from '../src/models/run/files';
import { byLogOrder, CONSOLE, isLog } from '../src/models/run/logNames';
import { measured, SystemModel } from '../src/models/run/system';
import type { WireMetrics } from '../src/wire';
import { aSeries, settled, underway } from './samples';

test('logs stand in the order of their numbers, the console behind them', () => {
  const names = ['logs/worker.txt', CONSOLE, 'azureml-logs/70_driver_log.txt', 'logs/a.log'];

  assert.deepEqual([...names, 'azureml-logs/20_image_build_log.txt'].sort(byLogOrder), [
    'azureml-logs/20_image_build_log.txt',
    'azureml-logs/70_driver_log.txt',
    CONSOLE,
    'logs/a.log',
    'logs/worker.txt'
  ]);
});

test('what is no text, or in no folder of logs, is no log', () => {
  const names = ['logs/plot.png', 'logs/events.out.tfevents.1.host', 'outputs/a.txt', 'logs/w.txt'];

  assert.deepEqual(names.filter(isLog), ['logs/w.txt']);
});

test('a smoothed curve begins where the curve begins, and keeps its holes', () => {
  const curve = smoothed([4, null, 0, 0], 0.5);

  assert.deepEqual([curve[0], curve[1]], [4, null]);
  assert.ok(curve[2]! < 4 && curve[3]! < curve[2]! && curve[3]! > 0);
});

test('a part of a curve reaches to the points just outside of it', () => {
  assert.deepEqual(between(aSeries([0, 1, 2, 3, 4, 5]), 1.5, 3.5).x, [1, 2, 3, 4]);
  assert.deepEqual(between(aSeries([0, 1, 2]), -1, 9).x, [0, 1, 2]);
});

test('what was measured is told in its unit', () => {
  const told = ['cpu', 'memory', 'disk read', 'gpu 0', 'gpu 0 memory'].map(name =>
    measured(name, 2_000)
  );

  assert.deepEqual(told, ['2000 %', '2.0 kB', '2.0 kB/s', '2000 %', '2.0 kB']);
});

test('the machine is asked once where the run is over', async () => {
  let asked = 0;
  const system = new SystemModel(
    async () => {
      asked += 1;
      return { runId: 'r', series: { cpu: aSeries([0, 1]) }, values: {}, cursor: 0 };
    },
    () => true
  );

  const stop = system.watch();
  await new Promise(resolve => setImmediate(resolve));
  stop();

  assert.deepEqual([asked, [...system.series.keys()]], [1, ['cpu']]);
});

test('of two answers about the machine the one that was asked for last is drawn', async () => {
  const answers = [underway<WireMetrics>(), underway<WireMetrics>(), underway<WireMetrics>()];
  let asked = 0;
  const system = new SystemModel(
    () => answers[asked++].answer,
    () => true
  );
  const points = (count: number) => {
    const x = Array.from({ length: count }, (_, i) => i);
    return { runId: 'r', series: { cpu: aSeries(x) }, values: {}, cursor: 0 };
  };

  const stops = [system.watch(), system.watch(), system.watch()];
  answers[1].give(points(3));
  await settled();
  assert.equal(system.hasLoaded, false, 'a newer answer is on its way');
  answers[2].give(points(4));
  answers[0].fail(new Error('too late'));
  await settled();
  stops.forEach(stop => stop());

  assert.deepEqual([system.series.get('cpu')?.x.length, system.problem], [4, null]);
});

test('images that were logged under one name are the steps of one', () => {
  const image = (file: string, step: number) => ({
    kind: 'image' as const,
    value: { file },
    time: 0,
    step
  });
  const logged = new Map([['plot', [image('a.png', 0), image('b.png', 5), image('b.png', 6)]]]);

  assert.deepEqual(imageFilesOf(logged).get('plot'), [
    { file: 'a.png', step: 0 },
    { file: 'b.png', step: 6 }
  ]);
});
