import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cause, duration, number, size } from '../src/models/common/words';
import { escape, isPicture, toHtml, toText } from '../src/models/run/stored';
import { aCard, aCell, aRun } from './samples';

const EVIL = '"><script>alert(1)</script>';

test('nothing of a run becomes markup', () => {
  const card = aCard({
    run: aRun({ displayName: EVIL, experiment: EVIL, reason: EVIL, metrics: { [EVIL]: EVIL } }),
    files: [{ name: EVIL, size: 1, modified: 0 }],
    log: { name: EVIL, offset: 0, text: EVIL, size: 1 },
    images: { [EVIL]: 'data:image/png;base64,AAAA' }
  });

  assert.doesNotMatch(toHtml(card, new Map([[EVIL, 'data:image/png;base64,AAAA']])), /<script/);
});

const PICTURE = 'data:image/png;base64,AAAA';

test('text in markup is just that text, also within quotes', () => {
  assert.equal(escape(`&<>"'`), '&amp;&lt;&gt;&quot;&#39;');
  assert.equal(escape('a &amp; b'), 'a &amp;amp; b');
});

test('the name of an image is no attribute', () => {
  const name = 'x" onerror="alert(1)" alt=\'';

  const html = toHtml(aCard({ images: { [name]: PICTURE } }), new Map([[name, PICTURE]]));

  for (const [image] of html.matchAll(/<img[^>]*>/g)) {
    const attributes = [...image.matchAll(/\s([a-z]+)=("[^"]*"|\S+)/g)].map(found => found[1]);
    assert.deepEqual(attributes, ['alt', 'src', 'style']);
  }
  assert.equal(html.match(/<img/g)?.length, 2);
});

test('a picture is an address that holds it, and nothing before or behind it', () => {
  for (const kind of ['png', 'jpeg', 'gif', 'webp']) {
    assert.ok(isPicture(`data:image/${kind};base64,AZaz09+/=`));
  }
  const others = [
    'https://example.org/a.png',
    'data:image/svg+xml;base64,AAAA',
    'data:text/html;base64,AAAA',
    `x" onerror="alert(1)" ${PICTURE}`,
    `${PICTURE}" onerror="alert(1)`,
    `https://example.org/#${PICTURE}`,
    `${PICTURE}\n`,
    ` ${PICTURE}`,
    'data:image/png;base64,"AAA',
    'data:image/png;base64,',
    'data:image/png,AAAA',
    ''
  ];
  assert.deepEqual(others.filter(isPicture), []);
});

test('what is no picture is left out, of the charts as of the images', () => {
  const others = { a: 'https://example.org/a.png', b: `${PICTURE}" onerror="`, c: 'x" onerror="' };

  const html = toHtml(aCard({ images: others }), new Map(Object.entries(others)));

  assert.doesNotMatch(html, /<img/);
});

test('of a long log its end is kept, of many files the first, and how many there are', () => {
  const text = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('');
  const files = Array.from({ length: 60 }, (_, i) => ({ name: `f${i}`, size: 1, modified: 0 }));
  const log = { name: 'a.log', offset: 0, text, size: text.length };

  const html = toHtml(aCard({ log, files }), new Map());

  assert.equal(html.match(/line \d+/g)?.length, 20);
  assert.match(html, /line 99<\/pre>/);
  assert.equal(html.match(/<li>/g)?.length, 50);
  assert.match(html, /60 files/);
});

test('a log reads as a terminal shows it: without colours, and lines written over', () => {
  const text = '\u001b]0;title\u0007\u001b[31mred\u001b(B\u001b[0m\r\n 10%\r 90%\ndone\n';

  const html = toHtml(aCard({ log: { name: 'a', offset: 0, text, size: 1 } }), new Map());

  assert.match(html, />red\r?\n 90%\ndone</);
});

test('a failed run says its cause in a terminal', () => {
  const error = {
    message: 'could not convert',
    type: 'ValueError',
    code: 'UserError',
    line: 14,
    file: null,
    hint: null,
    traceback: null
  };

  const text = toText(
    aCard({ run: aRun({ status: 'Failed', error, job: aCell(), script: 'cell.py' }) })
  );

  assert.match(text, /Failed.*diabetes #1.*\nValueError: could not convert\ncell line 14/);
});

test('cells without a name are told apart in the static forms', () => {
  const origin = { notebook: 'work/train.ipynb', cellId: 'c', executionCount: 12 };
  const card = aCard({ run: aRun({ displayName: null, script: 'cell.py', job: aCell(), origin }) });

  assert.match(toText(card), /diabetes #1 · train\.ipynb \[12\]/);
  assert.match(toHtml(card, new Map()), /diabetes #1 · train\.ipynb \[12\]/);
});

test('a run that goes on says when it was so', () => {
  const going = aCard({ run: aRun({ endedAt: null }), savedAt: '2026-01-02T03:04:05.678Z' });
  const ended = aCard({ run: aRun({ endedAt: '2026-01-02T03:04:05Z' }) });

  assert.match(toHtml(going, new Map()), /As it was at 2026-01-02 03:04:05 UTC/);
  assert.doesNotMatch(toHtml(ended, new Map()), /As it was/);
});

test('words are short and say the unit', () => {
  assert.deepEqual([12, 134, 3780, 100_000].map(duration), ['12s', '2m 14s', '1h 03m', '1d 3h']);
  assert.deepEqual(
    [54.312345, 0.0001, -3, null, 'Infinity', -123456.789].map(value => number(value)),
    ['54.312', '1e-4', '-3', 'NaN', 'Infinity', '-123457']
  );
  assert.deepEqual([12, 1_500, 2_000_000].map(size), ['12 B', '1.5 kB', '2.0 MB']);
  assert.equal(cause({ message: 'ValueError: no', type: 'ValueError' }), 'ValueError: no');
});

test('of very many metrics the table tells the first and how many more there are', () => {
  const metrics = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`layer.${i}`, i]));
  const card = aCard({ run: aRun({ metrics }) });

  const html = toHtml(card, new Map());
  assert.equal(html.match(/<tr>/g)?.length, 60);
  assert.match(html, /and 8940 more metrics/);
  assert.ok(toText(card).length < 300);
});
