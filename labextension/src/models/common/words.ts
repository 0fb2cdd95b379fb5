/** Numbers, times and states as a user reads them. */

import type { Trans } from '../../tokens';
import { CELL_RUNNER, MOVES } from '../../wire';
import type { EnvironmentState, Status, WireFailure, WireLimits, WireRun } from '../../wire';

export { FINAL } from '../../wire';

/** Shape, kind of colour and whether it moves; the word is the status itself. */
export interface Face {
  glyph: string;
  tone: 'active' | 'good' | 'bad' | 'quiet';
  word: string;
}

const FACES: Record<Status, Face> = {
  NotStarted: { glyph: '◌', tone: 'quiet', word: 'Not started' },
  Preparing: { glyph: '⟳', tone: 'active', word: 'Preparing' },
  Provisioning: { glyph: '⟳', tone: 'active', word: 'Provisioning' },
  Queued: { glyph: '◌', tone: 'quiet', word: 'Queued' },
  Starting: { glyph: '◐', tone: 'active', word: 'Starting' },
  Running: { glyph: '●', tone: 'active', word: 'Running' },
  NotResponding: { glyph: '◍', tone: 'bad', word: 'Not responding' },
  CancelRequested: { glyph: '◑', tone: 'quiet', word: 'Canceling' },
  Finalizing: { glyph: '◕', tone: 'active', word: 'Finalizing' },
  Completed: { glyph: '✓', tone: 'good', word: 'Completed' },
  Failed: { glyph: '✕', tone: 'bad', word: 'Failed' },
  Canceled: { glyph: '■', tone: 'quiet', word: 'Canceled' }
};

export function face(status: Status): Face {
  return FACES[status] ?? { glyph: '?', tone: 'quiet', word: String(status) };
}

const STATES: Record<EnvironmentState, Face> = {
  'not built': { glyph: '◌', tone: 'quiet', word: 'Not built' },
  building: { glyph: '⟳', tone: 'active', word: 'Building' },
  ready: { glyph: '✓', tone: 'good', word: 'Ready' },
  failed: { glyph: '✕', tone: 'bad', word: 'Failed' }
};

export function stateFace(state: EnvironmentState): Face {
  return STATES[state] ?? { glyph: '?', tone: 'quiet', word: String(state) };
}

/** The face of what Jupyter says of a kernel. */
export function kernelFace(state: string): Face {
  const word = state.slice(0, 1).toUpperCase() + state.slice(1).replace('_', ' ');
  if (/^(busy|starting|restarting|autorestarting|building)$/.test(state)) {
    return { glyph: state === 'busy' ? '●' : '⟳', tone: 'active', word };
  }
  if (/^(dead|terminating)$/.test(state)) {
    return { glyph: '✕', tone: 'bad', word };
  }
  return { glyph: state === 'idle' ? '○' : '◌', tone: 'quiet', word };
}

/** `2m 14s`, `1h 03m`, `3d 4h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) {
    return `${whole}s`;
  }
  if (whole < 3600) {
    return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  }
  if (whole < 86400) {
    return `${Math.floor(whole / 3600)}h ${two(Math.floor(whole / 60) % 60)}m`;
  }
  return `${Math.floor(whole / 86400)}d ${Math.floor(whole / 3600) % 24}h`;
}

/** Seconds that a run has run, or null where it has not started. */
export function elapsed(run: WireRun, now: number): number | null {
  if (!run.startedAt) {
    return null;
  }
  const end = run.endedAt ? Date.parse(run.endedAt) : now;
  return (end - Date.parse(run.startedAt)) / 1000;
}

/** Words in the names of metrics that tell how well it goes, rather than what was tried. */
const OUTCOME = /err|rmse|mse|mae|acc|auc|f1|r2|score|precision|recall|perplexity/i;

/** Orders the names of metrics: curves that are learned first, then outcomes, then the rest. */
export function byInterest(one: string, other: string): number {
  return rank(one) - rank(other);
}

function rank(name: string): number {
  return /loss/i.test(name) ? 0 : OUTCOME.test(name) ? 1 : 2;
}

/** A metric with some significant digits; words stay as they are. */
export function number(value: unknown, digits = 5): string {
  if (value === null || value === undefined) {
    return 'NaN';
  }
  if (typeof value !== 'number') {
    return String(value);
  }
  if (Number.isInteger(value) && Math.abs(value) < 1e7) {
    return String(value);
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    return value
      .toExponential(3)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  }
  // The digits before the point are never made up.
  const isLong = size >= 10 ** digits;
  return String(isLong ? Math.round(value) : Number(value.toPrecision(digits)));
}

/** Bytes as `1.5 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Memory as it is asked for, as `1.5 GB`: in powers of 1024, unlike files. */
export function memory(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Math.round((bytes / 1024 ** unit) * 10) / 10} ${units[unit]}`;
}

/** What a run may take of its machine, as `2 CPUs, 4 GB of memory`; empty where nothing is said. */
export function limits({ cpus, memory: most, processes, gpus }: WireLimits, trans: Trans): string {
  const told = [
    cpus !== undefined && (cpus === 1 ? trans('1 CPU') : trans('%1 CPUs', cpus)),
    most !== undefined && trans('%1 of memory', memory(most)),
    gpus !== undefined && (gpus === 1 ? trans('1 GPU') : trans('%1 GPUs', gpus)),
    processes !== undefined && trans('%1 processes', processes)
  ];
  return told.filter(Boolean).join(', ');
}

/** How long ago, as lists show it. */
export function ago(at: string, now: number, trans: Trans): string {
  const seconds = (now - Date.parse(at)) / 1000;
  return seconds < 60 ? trans('just now') : trans('%1 ago', duration(seconds).split(' ')[0]);
}

/** A time of the wire in the reader's own zone and language. */
export function moment(at: string | null): string {
  return at ? new Date(at).toLocaleString() : '';
}

/** The time of day in the reader's own zone, behind the date where it was on another day. */
export function clock(at: string, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  const time = then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
  const isToday = then.toDateString() === today.toDateString();
  return isToday ? time : `${then.toLocaleDateString()} ${time}`;
}

/** What tells a run from its neighbours: its name, else its parameters and what it executes. */
export function distinction(run: WireRun): string {
  if (run.displayName !== null) {
    return run.displayName;
  }
  const given = Object.entries(run.parameters).map(([name, value]) => `${name}=${shown(value)}`);
  return [...given, executed(run)].join(' ');
}

/** A run beside others. The number stands first, where a long name cannot hide it. */
export function numbered(run: WireRun): string {
  return `#${run.number} ${distinction(run)}`;
}

/** A script with its arguments, or the cell's notebook and count, as all cells are `cell.py`. */
export function executed(run: WireRun): string {
  const { origin, runId, script } = run;
  if (script !== null && !isCell(run)) {
    return [script, ...run.arguments].join(' ');
  }
  const file = origin?.notebook?.split('/').at(-1) ?? script ?? runId;
  const count = origin?.executionCount ?? null;
  return count === null ? file : `${file} [${count}]`;
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? number(value) : pythonOf(value);
}

/** A value as Python has it, where one word tells it from JSON. */
export function pythonOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') {
    return value === null ? 'None' : value ? 'True' : 'False';
  }
  return JSON.stringify(value);
}

export function childrenWord(count: number, trans: Trans): string {
  return count === 1 ? trans('1 child run') : trans('%1 child runs', count);
}

/** Why a run failed, in one sentence that begins with the type of the error. */
export function cause({ type, message }: Pick<WireFailure, 'type' | 'message'>): string {
  return type === null || message.startsWith(type) ? message : `${type}: ${message}`;
}

/** Whether the script of the run is a cell of a notebook. */
export function isCell({ job }: Pick<WireRun, 'job'>): boolean {
  return job?.command.includes(CELL_RUNNER) ?? false;
}

/** Where a run failed: `cell line 7` as the editor counts, `line 3 of train.py`; else nothing. */
export function place(run: WireRun, trans: Trans = plain): string {
  const { error, script } = run;
  if (!error?.line) {
    return '';
  }
  const isInCell = isCell(run) && (error.file === null || error.file === script);
  return isInCell
    ? trans('cell line %1', error.line)
    : trans('line %1 of %2', error.line, error.file ?? trans('the script'));
}

/** Whether the run failed at a line of the cell that it was sent from. */
export function failedInCell(run: WireRun): boolean {
  return place(run).startsWith('cell line ');
}

/** The line of code that an error names, as the traceback has it; else nothing. */
export function codeOf({ line, traceback }: Pick<WireFailure, 'line' | 'traceback'>): string {
  const lines = (traceback ?? '').split('\n');
  const isFrame = (text: string): boolean =>
    new RegExp(`^\\s+File "[^"]+", line ${line}(?!\\d)`).test(text);
  const at = lines.map(isFrame).lastIndexOf(true);
  return at < 0 ? '' : (lines[at + 1] ?? '').trim();
}

/** Whether the run may still be canceled. */
export function canCancel(status: Status): boolean {
  return MOVES[status]?.includes('CancelRequested') ?? false;
}

/** Fills `%1`, `%2` and leaves the language as it is. */
export const plain: Trans = (text, ...args) =>
  text.replace(/%(\d)/g, (whole, index: string) => String(args[Number(index) - 1] ?? whole));
