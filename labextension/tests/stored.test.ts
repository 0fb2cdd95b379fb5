import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cause, duration, number, size } from '../src/models/common/words';
import { toHtml, toText } from '../src/models/run/stored';
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

test('an image that is not a plain data address is left out', () => {
  const images = {
    a: 'https://example.org/a.png',
    b: 'data:image/svg+xml;base64,AAAA',
    c: 'x" onerror="'
  };

  assert.doesNotMatch(toHtml(aCard({ images }), new Map()), /<img/);
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
