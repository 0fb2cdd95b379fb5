import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withReason } from '../src/models/common/reasons';
import { Signal } from '../src/models/common/signal';
import type { WireRun } from '../src/wire';
import { aRun } from './samples';

test('each listener hears each signal until it leaves, and leaving twice is leaving once', () => {
  const signal = new Signal();
  const heard: string[] = [];
  const leave = signal.subscribe(() => heard.push('a'));
  signal.subscribe(() => heard.push('b'));

  signal.emit();
  leave();
  leave();
  signal.emit();

  assert.deepEqual(heard, ['a', 'b', 'b']);
});

test('a signal knows whether anybody listens', () => {
  const signal = new Signal();
  const before = signal.isHeard;
  const leave = signal.subscribe(() => {});
  const during = signal.isHeard;
  leave();

  assert.deepEqual([before, during, signal.isHeard], [false, true, false]);
});

test('who leaves or comes while a signal is given disturbs nobody', () => {
  const signal = new Signal();
  const heard: string[] = [];
  const leave = signal.subscribe(() => {
    heard.push('first');
    leave();
    signal.subscribe(() => heard.push('late'));
  });
  signal.subscribe(() => heard.push('second'));

  signal.emit();
  assert.deepEqual(heard, ['first', 'second']);
  signal.emit();

  assert.deepEqual(heard, ['first', 'second', 'second', 'late']);
});

test('a run that waits takes its new reason, and any other stays the very same', () => {
  const reasons = { a: '1 run ahead' };
  const told = (different: Partial<WireRun>) => {
    const run = aRun({ runId: 'a', ...different });
    const now = withReason(run, reasons);
    return now === run ? 'the same' : now.reason;
  };

  for (const status of ['Preparing', 'Provisioning', 'Queued'] as const) {
    assert.equal(told({ status, reason: '2 runs ahead' }), '1 run ahead');
  }
  assert.equal(told({ status: 'Queued', reason: null }), '1 run ahead');
  assert.equal(told({ status: 'Queued', reason: '1 run ahead' }), 'the same');
  assert.equal(told({ status: 'Queued', runId: 'b' }), 'the same');
  for (const status of ['Running', 'CancelRequested', 'Completed', 'Failed'] as const) {
    assert.equal(told({ status }), 'the same');
  }
});
