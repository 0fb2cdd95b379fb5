import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numericColumns, ordered, parsed, tableOfValues } from '../src/models/common/table';
import { visible } from '../src/models/common/visible';
import { inertPage, kindOf, notebookText, TextFile } from '../src/models/files/preview';
import { closedAtFirst, rowsOf, treeOf } from '../src/models/files/tree';

function logged(kind: 'row' | 'table' | 'list', value: unknown) {
  return { kind, value, time: 0, step: null };
}

test('rows with other columns make one table with holes', () => {
  const table = tableOfValues([logged('row', { x: 1 }), logged('row', { x: 2, y: 'b' })])!;

  assert.deepEqual(table, {
    columns: ['x', 'y'],
    rows: [
      [1, undefined],
      [2, 'b']
    ]
  });
});

test('a table of columns is turned into rows, and a list is no table', () => {
  const table = tableOfValues([logged('table', { x: [1, 2], y: [3, 4] })])!;

  assert.deepEqual(table.rows, [
    [1, 3],
    [2, 4]
  ]);
  assert.deepEqual(numericColumns(table), [0, 1]);
  assert.equal(tableOfValues([logged('list', [1, 2])]), null);
});

test('numbers sort as numbers, also where they are text, and what is missing comes last', () => {
  const table = { columns: ['n'], rows: [['10'], [''], ['9'], ['-1']] };

  assert.deepEqual(ordered(table, { column: 0, isDescending: false }), [3, 2, 0, 1]);
  assert.deepEqual(ordered(table, { column: 0, isDescending: true }), [0, 2, 3, 1]);
});

test('separated values keep what stands in quotes', () => {
  const text = 'name,said\r\n"Doe, Jane","she ""knows""\nit"\r\nx,\n';

  assert.deepEqual(parsed(text, ','), {
    columns: ['name', 'said'],
    rows: [
      ['Doe, Jane', 'she "knows"\nit'],
      ['x', '']
    ]
  });
});

test('files stand in folders, which come first and tell what is in them', () => {
  const root = treeOf([
    { name: 'b.txt', size: 1 },
    { name: 'outputs/model/weights.bin', size: 10 },
    { name: 'outputs/a.csv', size: 5 }
  ]);

  const rows = rowsOf(root, new Set()).map(node => [node.path, node.depth, node.size]);

  assert.deepEqual(rows, [
    ['outputs', 0, 15],
    ['outputs/model', 1, 10],
    ['outputs/model/weights.bin', 2, 10],
    ['outputs/a.csv', 1, 5],
    ['b.txt', 0, 1]
  ]);
  assert.equal(rowsOf(root, new Set(['outputs'])).length, 2);
});

test('a folder with very many files begins closed', () => {
  const files = Array.from({ length: 100_000 }, (_, i) => ({ name: `outputs/${i}`, size: 1 }));

  const root = treeOf(files);

  assert.equal(rowsOf(root, closedAtFirst(root)).length, 1);
});

test('what turns text around or hides it can be seen', () => {
  assert.equal(visible('a\u202eb\x00c\x07\ttab'), 'a⟨U+202E⟩b␀c␇\ttab');
});

test('pickles and the like are never opened, whatever they are called', () => {
  for (const name of ['model.pkl', 'outputs/M.PICKLE', 'x.joblib', 'net.pt']) {
    assert.equal(kindOf(name), 'binary');
  }
  assert.deepEqual(['a/b.csv', 'x.svg', '.csv', 'Makefile'].map(kindOf), [
    'table',
    'drawing',
    'text',
    'text'
  ]);
});

test('of a large file a part is read, and more only when it is asked for', async () => {
  const bytes = new TextEncoder().encode('é'.repeat(300_000));
  const file = new TextFile('long.txt', async (offset, limit) => ({
    data: bytes.subarray(offset, offset + limit),
    offset,
    size: bytes.length
  }));

  await file.more(262_143);
  assert.equal(file.text.length, 131_071);
  assert.ok(file.hasMore);
  await file.more(1_000_000);

  assert.equal(file.text, 'é'.repeat(300_000));
  assert.ok(file.isWhole);
});

test('a notebook is read as its cells, and a page gets rules before anything it says', () => {
  const cells = [
    { cell_type: 'code', source: ['1 +', ' 1'], outputs: [{ data: { 'text/plain': '2' } }] }
  ];

  assert.equal(notebookText(JSON.stringify({ cells })), '# ─── 1 · code ───\n1 + 1\n│ 2');
  assert.equal(notebookText('{'), null);
  assert.match(
    inertPage('<script>'),
    /^<!doctype html><meta [^>]*default-src 'none'[^>]*><script>$/
  );
});
