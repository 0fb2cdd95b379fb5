import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogModel } from '../src/models/files/log';

function lines(log: LogModel): string[] {
  return Array.from({ length: log.count }, (_, i) => log.text(i));
}

function aLog(...pieces: string[]): LogModel {
  const log = new LogModel('user_logs/std_log.txt');
  let at = 0;
  for (const text of pieces) {
    const end = at + text.length;
    log.hear({ type: 'log', runId: 'r', name: log.name, offset: at, end, text });
    at = end;
  }
  return log;
}

test('a line that comes in pieces is one line', () => {
  assert.deepEqual(lines(aLog('epo', 'ch 1\nepoch', ' 2\n')), ['epoch 1', 'epoch 2']);
});

test('a carriage return starts the line anew', () => {
  assert.deepEqual(lines(aLog('10%\r20%', '\r30%\n', 'done\n')), ['30%', 'done']);
});

test('a line feed after a carriage return keeps the line, also when they come apart', () => {
  assert.deepEqual(lines(aLog('one\r\ntwo\r', '\nthree\n')), ['one', 'two', 'three']);
});

test('a colour whose escape is torn in two still colours', () => {
  const log = aLog('\x1b[3', '1mred\x1b[0m plain\n');

  assert.deepEqual(lines(log), ['red plain']);
  assert.deepEqual(
    log.line(0).spans.map(span => span.look),
    ['jp-aml-ansi-red', '']
  );
});

test('links, titles and the clipboard of a terminal are passed over', () => {
  const said =
    '\x1b]8;;http://evil\x07link\x1b]8;;\x07 \x1b]0;title\x1b\\\x1b]52;c;AAAA\x07\x1b[2Jtext\n';

  assert.deepEqual(lines(aLog(said)), ['link text']);
});

test('an escape that never ends hides nothing for long', () => {
  const log = aLog('\x1b]52;c;', 'A'.repeat(300), '\nnext\n');

  assert.equal(log.text(log.count - 1), 'next');
});

test('markup in a line is text', () => {
  assert.deepEqual(lines(aLog('<script>alert(1)</script>\n')), ['<script>alert(1)</script>']);
});

test('a piece that was had already is passed over', () => {
  const log = aLog('one\n');

  log.hear({ type: 'log', runId: 'r', name: log.name, offset: 0, end: 4, text: 'one\n' });

  assert.deepEqual(lines(log), ['one']);
});

test('of a long log the last 10,000 lines stay', () => {
  const log = aLog(Array.from({ length: 12_345 }, (_, i) => `line ${i}\n`).join(''));

  assert.equal(log.count, 10_000);
  assert.equal(log.dropped, 2_345);
  assert.equal(log.text(log.count - 1), 'line 12344');
});

test('a line without an end is broken', () => {
  assert.equal(aLog('x'.repeat(10_000)).count, 3);
});

test('search finds in whatever case', () => {
  assert.deepEqual(aLog('Error\nok\nan error\n').find('ERROR'), [0, 2]);
});

test('the kept tail says at which byte it begins', () => {
  assert.deepEqual(aLog('añ\n'.repeat(3)).tail(4), {
    name: 'user_logs/std_log.txt',
    offset: 4,
    text: '\nañ\n',
    size: 9
  });
});

test('of a piece that was had in part only the rest is new', () => {
  const log = new LogModel('a.log');
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const hear = (text: string, offset: number) =>
    log.hear({ type: 'log', runId: 'r', name: 'a.log', offset, end: offset + bytes(text), text });

  hear('eins\nzwö', 0);
  hear('zwölf\ndrei\n', 5);
  hear('eins\nzwölf\n', 0);
  hear('vier', bytes('eins\nzwölf\ndrei\n'));

  const lines = Array.from({ length: log.count }, (_, i) => log.text(i));
  assert.deepEqual(lines, ['eins', 'zwölf', 'drei', 'vier']);
  assert.deepEqual([log.end, log.isCut], [bytes('eins\nzwölf\ndrei\nvier'), false]);
});

test('a piece behind a hole is shown, and the log is said to be cut', () => {
  const log = new LogModel('a.log');

  log.hear({ type: 'log', runId: 'r', name: 'a.log', offset: 0, end: 4, text: 'one\n' });
  log.hear({ type: 'log', runId: 'r', name: 'a.log', offset: 9, end: 13, text: 'ten\n' });

  assert.deepEqual([log.text(0), log.text(1), log.isCut, log.end], ['one', 'ten', true, 13]);
});
