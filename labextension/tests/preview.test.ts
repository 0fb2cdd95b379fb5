import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import {
  inertPage,
  kindOf,
  notebookText,
  separatorOf,
  TextFile
} from '../src/models/files/preview';
import type { Kind } from '../src/models/files/preview';
import type { Shelf } from '../src/models/files/shelf';
import { Formed, Preview } from '../src/views/files/Preview';

const EVIL = '<script>parent.alert(1)</script><img src="https://example.org/a.png" onerror="x()">';

/** A file that was read, drawn as one of a kind. */
async function drawn(kind: Kind, text: string, name = 'a'): Promise<string> {
  const data = new TextEncoder().encode(text);
  const held = new TextFile(name, async offset => ({ data, offset, size: data.length }));
  await held.more();
  return renderToStaticMarkup(createElement(Formed, { held, kind, first: 1 }));
}

test('a page may do nothing: no script, no form, no origin, no word of where it is shown', async () => {
  const html = await drawn('page', EVIL.replaceAll('"', "'"));

  const [frame] = /<iframe[^>]*>/.exec(html)!;
  const attributes = [...frame.matchAll(/\s(\w+)="([^"]*)"/g)].map(found => found.slice(1));
  const { sandbox, referrerPolicy, csp, ...others } = Object.fromEntries(attributes);
  assert.deepEqual([sandbox, referrerPolicy], ['', 'no-referrer']);
  assert.match(csp, /^default-src &#x27;none&#x27;; /, 'in force before the page has been read');
  assert.deepEqual(Object.keys(others), ['class', 'title', 'srcDoc']);
  assert.match(others.srcDoc, /^&lt;!doctype html&gt;&lt;meta http-equiv=&quot;Content-Security/);
  assert.doesNotMatch(html, /<script|<img/);
});

test('a page can ask nobody for anything, whatever is in it', () => {
  const page = inertPage(EVIL);

  const policy = /^<!doctype html><meta http-equiv="Content-Security-Policy" content="([^"]*)">/;
  const rules = policy.exec(page)![1].split('; ');
  assert.equal(rules[0], "default-src 'none'");
  assert.deepEqual(
    rules
      .slice(1)
      .filter(rule => !/^(img-src|font-src) data:$|^style-src 'unsafe-inline'$/.test(rule)),
    []
  );
  assert.ok(page.endsWith(EVIL));
});

test('no kind of file becomes markup of the page', async () => {
  const table = `a,b\n"${EVIL.replaceAll('"', '""')}",1\n`;
  const notebook = JSON.stringify({ cells: [{ cell_type: 'code', source: [EVIL], outputs: [] }] });
  const texts: [Kind, string][] = [
    ['text', EVIL],
    ['json', JSON.stringify({ [EVIL]: EVIL })],
    ['notebook', notebook],
    ['diff', `+${EVIL}\n`],
    ['table', table],
    ['drawing', `<svg xmlns="http://www.w3.org/2000/svg">${EVIL}</svg>`]
  ];
  for (const [kind, text] of texts) {
    const html = await drawn(kind, text, `${EVIL}.csv`);

    assert.doesNotMatch(html, /<script|<svg|<img|<iframe/, kind);
  }
});

test('a picture is asked for as one, and what runs when it is read is never read', () => {
  const asked: string[] = [];
  const shelf: Shelf = {
    files: [],
    bytes: async name => assert.fail(`${name} was read`),
    url: (name, inline) => {
      asked.push(`${name} ${inline ?? false}`);
      return `/files/${name}`;
    }
  };
  const shown = (name: string, isLive = true) =>
    renderToStaticMarkup(createElement(Preview, { file: { name, size: 1 }, shelf, isLive }));

  assert.match(shown('outputs/a.png'), /<img src="\/files\/outputs\/a.png" alt="outputs\/a.png"/);
  assert.deepEqual(asked, ['outputs/a.png false', 'outputs/a.png true']);
  assert.match(shown('outputs/model.pkl'), /Download it/);
  assert.match(shown('a.txt', false), /can be seen with the server/);
});

test('what a file is shows at the end of its name', () => {
  const kinds = { 'a.PNG': 'picture', 'b.svg': 'drawing', 'c/d.ipynb': 'notebook' };
  const others = { 'model.pkl': 'binary', '.json': 'text', Makefile: 'text', 'a.csv/b': 'text' };

  for (const [name, kind] of Object.entries({ ...kinds, ...others })) {
    assert.equal(kindOf(name), kind, name);
  }
  assert.deepEqual([separatorOf('a.TSV'), separatorOf('a.csv')], ['\t', ',']);
});

test('a file is read on from where it ended, one piece at a time', async () => {
  const whole = new TextEncoder().encode('eins zwei drü');
  const asked: number[] = [];
  const held = new TextFile('a', async (offset, limit) => {
    asked.push(offset);
    return { data: whole.slice(offset, offset + limit), offset, size: whole.length };
  });

  await Promise.all([held.more(13), held.more(13)]);
  assert.deepEqual(
    [asked, held.text, held.hasMore, held.isWhole],
    [[0], 'eins zwei dr', true, false]
  );
  await held.more();

  assert.deepEqual(
    [asked, held.text, held.hasMore, held.isWhole],
    [[0, 13], 'eins zwei drü', false, true]
  );
});

test('a file that cannot be read says so until it can, and one of bytes is no text', async () => {
  let answer: () => Promise<Uint8Array> = () => Promise.reject(new Error('it is gone'));
  const held = new TextFile('a', async offset => {
    const data = await answer();
    return { data, offset, size: data.length };
  });

  await held.more();
  assert.deepEqual([held.problem, held.isLoaded], ['it is gone', false]);
  answer = async () => new Uint8Array([80, 0, 1]);
  await held.more();

  assert.deepEqual([held.problem, held.isLoaded, held.isBinary, held.text], [null, true, true, '']);
  assert.equal(held.hasMore, false);
});

test('a notebook reads as its cells and what they printed', () => {
  const outputs = [
    { text: ['\u001b[1;31mone\u001b(B\u001b[m\n', 'two\n'] },
    { data: { 'text/plain': '3' } }
  ];
  const cells = [
    { cell_type: 'markdown', source: '# Title' },
    { cell_type: 'code', source: ['print(1)'], outputs }
  ];

  assert.equal(
    notebookText(JSON.stringify({ cells })),
    '# ─── 1 · markdown ───\n# Title\n\n# ─── 2 · code ───\nprint(1)\n│ one\n│ two\n│ 3'
  );
  assert.deepEqual([notebookText('{'), notebookText('{}')], [null, null]);
});
