import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pictures } from '../src/models/charts/pictures';

test('a chart that has gone leaves its last picture, and one that came after it stays', () => {
  const pictures = new Pictures();
  let look = 'early';
  const withdraw = pictures.offer('loss', () => look);
  look = 'last';
  withdraw();
  look = 'too late';
  assert.deepEqual([...pictures.drawn()], [['loss', 'last']]);

  pictures.offer('loss', () => 'new');
  withdraw();
  assert.deepEqual([...pictures.drawn()], [['loss', 'new']]);
});

test('of very many charts only the first are kept', () => {
  const pictures = new Pictures();
  const names = Array.from({ length: 30 }, (_, i) => `layer.${i}`);
  const withdrawals = names.map(name => pictures.offer(name, () => name));
  withdrawals.forEach(withdraw => withdraw());

  assert.deepEqual([...pictures.drawn().keys()], names.slice(0, 24));
});
