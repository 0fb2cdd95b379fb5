import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn } from '../src/models/common/graph';
import type { Edge, GraphNode } from '../src/models/common/graph';

const node = (id: string): GraphNode => ({ id, kind: 'Run', label: id, glyph: '●', tone: 'quiet' });

const columns = (ids: string[], edges: Edge[]): Record<string, number> => {
  const { nodes } = drawn({ nodes: ids.map(node), edges });
  return Object.fromEntries(nodes.map(({ id, x }) => [id, x]));
};

test('each thing stands right of all that it was made of', () => {
  const places = columns(
    ['a', 'b', 'c', 'd'],
    [
      ['a', 'b'],
      ['b', 'd'],
      ['a', 'd'],
      ['c', 'd']
    ]
  );

  assert.ok(places.a === places.c && places.a < places.b && places.b < places.d);
});

test('what goes in a circle is drawn, too', () => {
  const places = columns(
    ['a', 'b'],
    [
      ['a', 'b'],
      ['b', 'a']
    ]
  );

  assert.equal(Object.keys(places).length, 2);
});

test('nothing stands on something else, and no line leads to what is not there', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const edges: Edge[] = [
    ['a', 'e'],
    ['b', 'e'],
    ['c', 'e'],
    ['x', 'e']
  ];
  const { nodes, lines, width, height } = drawn({ nodes: ids.map(node), edges });

  assert.equal(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size, 5);
  assert.equal(lines.length, 3);
  assert.ok(nodes.every(({ x, y }) => x >= 0 && y >= 0 && x < width && y < height));
});

test('nothing is drawn of nothing', () => {
  assert.deepEqual(drawn({ nodes: [], edges: [] }), { nodes: [], lines: [], width: 0, height: 0 });
});
