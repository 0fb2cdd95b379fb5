import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../src/models/files/lines';
import { LogModel } from '../src/models/files/log';
import { PagedLog } from '../src/models/files/paged';

const TAIL = 65_536;

/** A log on a server whose last 64 kB the page has, and what was asked of the server. */
function aServedLog(text: string) {
  const bytes = new TextEncoder().encode(text);
  const from = Math.max(0, bytes.length - TAIL);
  const tail = new LogModel('user_logs/std_log.txt');
  tail.restart(new TextDecoder().decode(bytes.subarray(from)), from, bytes.length);
  const asked: number[] = [];
  const log = new PagedLog(tail, async (offset, limit) => {
    asked.push(limit);
    return { data: bytes.subarray(offset, offset + limit), offset, size: bytes.length };
  });
  return { log, asked };
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i} ${'·'.repeat(i % 50)}\n`).join('');
}

/** See to it that the rows around a byte are here. */
async function look(log: PagedLog, byte: number) {
  const row = Math.floor(log.rowOf(byte));
  log.want(row, row + 50);
  await new Promise(resolve => setImmediate(resolve));
}

function said(log: PagedLog, row: number): string {
  const line = log.line(row);
  return line ? textOf(line).trimEnd().replace(/ ·*$/, '') : '…';
}

test('a line in the middle of a long log is read from the server when it is looked at', async () => {
  const text = numbered(50_000);
  const { log, asked } = aServedLog(text);
  const wanted = new TextEncoder().encode(text.slice(0, text.indexOf('line 20000 '))).length;
  assert.equal(asked.length, 0);

  await look(log, wanted);

  const row = log.rowOf(wanted);
  assert.deepEqual(
    [said(log, row), said(log, row + 1), said(log, row - 1)],
    ['line 20000', 'line 20001', 'line 19999']
  );
  assert.ok(asked.reduce((a, b) => a + b) < 600_000);
});

test('every line stands once, from the first chunk over the seams into the tail', async () => {
  const { log } = aServedLog(numbered(8_000));
  for (let byte = 0; byte < log.tail.start; byte += 20_000) {
    await look(log, byte);
  }

  const all = Array.from({ length: log.count }, (_, i) => said(log, i));

  assert.deepEqual(
    all,
    Array.from({ length: 8_000 }, (_, i) => `line ${i}`)
  );
});

test('lines that the tail lets go are read again in front of it', async () => {
  const { log } = aServedLog(numbered(100));
  const tail = log.tail;
  const more = Array.from({ length: 12_000 }, (_, i) => `more ${i}\n`).join('');
  assert.equal(log.headCount, 0);

  tail.hear({
    type: 'log',
    runId: 'r',
    name: tail.name,
    offset: tail.end,
    end: tail.end + more.length,
    text: more
  });

  assert.equal(said(log, log.headCount), 'more 2000');
  assert.ok(tail.start > 0 && log.headCount > 0);
});

test('a line without an end is broken where chunks meet, and nothing of it is lost', async () => {
  const { log } = aServedLog('x'.repeat(400_000));
  for (let byte = 0; byte < 400_000; byte += 60_000) {
    await look(log, byte);
  }

  const length = Array.from({ length: log.count }, (_, i) => log.line(i)?.length ?? 0);

  assert.equal(
    length.reduce((a, b) => a + b),
    400_000
  );
});

test('of a log that is walked through only some chunks stay', async () => {
  const { log } = aServedLog(numbered(200_000));
  const end = log.tail.start;
  for (let byte = 0; byte < end; byte += 120_000) {
    await look(log, byte);
  }

  let here = 0;
  for (let row = 0; row < log.headCount; row++) {
    here += log.line(row) ? 1 : 0;
  }

  assert.ok(here > 10_000 && here < 60_000, String(here));
});

test('search finds what is far in front of the tail, colours or not', async () => {
  const { log } = aServedLog(
    `${numbered(9_000)}the \x1b[31mneedle\x1b[0m is here\n${numbered(20_000)}`
  );
  const found: number[] = [];

  await log.search('The Needle', bytes => found.push(...bytes), new AbortController().signal);

  assert.equal(found.length, 1);
  await look(log, found[0]);
  assert.equal(said(log, log.rowOf(found[0])), 'the needle is here');
});
