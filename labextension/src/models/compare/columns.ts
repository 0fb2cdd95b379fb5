/** What runs are compared by: rows of the table, axes of the pictures. */

import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { csvLine } from '../common/csv';
import { byInterest, duration, elapsed, face, moment, number } from '../common/words';
import type { ComparisonModel } from './comparison';

export type Group = 'run' | 'parameter' | 'metric' | 'tag' | 'fact';

/** One thing that each run has or has not; `values` in the order of the runs. */
export interface Trait {
  /** Unlike that of any other. */
  key: string;
  name: string;
  group: Group;
  values: unknown[];
  /** As they are read. */
  texts: string[];
  differs: boolean;
}

/** All that the runs can be compared by, group by group. */
export function traitsOf(model: ComparisonModel, trans: Trans, now = Date.now()): Trait[] {
  const { runs } = model;
  const seconds = runs.map(run => elapsed(run, now));
  const lasted = seconds.map(s => (s === null ? '' : duration(s)));
  const words = (name: string, group: Group, values: unknown[], texts = values.map(shown)): Trait =>
    trait(name, group, values, texts);
  const facts = runs.map(run => model.facts.get(run.runId));
  const git = facts.map(fact => fact?.git);
  const host = facts.map(fact => fact?.host);
  return [
    words(
      trans('Status'),
      'run',
      runs.map(run => trans(face(run.status).word))
    ),
    {
      ...words(trans('Duration'), 'run', seconds, lasted),
      // No two runs last to the microsecond as long: what is read counts.
      differs: new Set(lasted).size > 1
    },
    {
      ...words(
        trans('Created'),
        'run',
        runs.map(run => run.createdAt),
        runs.map(run => moment(run.createdAt))
      ),
      // No two runs were made at one time, and that is not what they are compared for.
      differs: false
    },
    words(
      trans('Experiment'),
      'run',
      runs.map(run => run.experiment)
    ),
    words(
      trans('Description'),
      'run',
      runs.map(run => run.description || null)
    ),
    words(
      trans('Script'),
      'run',
      runs.map(run => run.script)
    ),
    words(
      trans('Arguments'),
      'run',
      runs.map(run => run.arguments.join(' ') || null)
    ),
    words(
      trans('Compute'),
      'run',
      runs.map(run => run.target)
    ),
    words(
      trans('Environment'),
      'run',
      runs.map(run => run.job?.environment ?? null)
    ),
    words(
      trans('Source'),
      'run',
      runs.map(run => run.snapshotId?.slice(0, 12) ?? null)
    ),
    ...named(runs, 'parameter', run => run.parameters),
    ...named(runs, 'metric', run => run.metrics, byInterest),
    ...named(runs, 'tag', run => run.tags),
    words(
      trans('Git branch'),
      'fact',
      git.map(one => one?.branch ?? null)
    ),
    words(
      trans('Git commit'),
      'fact',
      git.map(one => one?.commit.slice(0, 12) ?? null)
    ),
    words(
      trans('Uncommitted changes'),
      'fact',
      git.map(one => one && (one.isDirty ? 'yes' : 'no'))
    ),
    words(
      'Python',
      'fact',
      facts.map(one => one?.python ?? null)
    ),
    words(
      trans('Machine'),
      'fact',
      host.map(one => one?.name ?? null)
    ),
    words(
      trans('Processor'),
      'fact',
      host.map(one => one?.processor ?? null)
    ),
    words(
      trans('Cores'),
      'fact',
      host.map(one => one?.cores ?? null)
    ),
    words(
      'GPU',
      'fact',
      host.map(one => one?.gpus.join(', ') || null)
    )
  ].filter(one => one.texts.some(text => text !== ''));
}

/** The traits that can be an axis: those with numbers, and words that are not all the same. */
export function axesOf(traits: Trait[]): Trait[] {
  const drawn = traits.filter(({ group }) => group === 'parameter' || group === 'metric');
  const time = traits.filter(({ group, values }) => group === 'run' && isNumeric(values));
  return [...drawn, ...time].filter(one => isNumeric(one.values) || one.differs);
}

/** Where the runs stand on an axis, from 0 to 1; null for those that have no value. */
export interface Axis {
  trait: Trait;
  places: (number | null)[];
  ticks: { at: number; text: string }[];
}

export function axis(trait: Trait): Axis {
  if (!isNumeric(trait.values)) {
    const words = [...new Set(trait.texts.filter(text => text !== ''))].sort();
    const place = (text: string): number =>
      words.length > 1 ? words.indexOf(text) / (words.length - 1) : 0.5;
    const ticks = words.map(text => ({ at: place(text), text }));
    const places = trait.texts.map(text => (text === '' ? null : place(text)));
    return { trait, places, ticks };
  }
  const numbers = trait.values.map(value => (isNumber(value) ? value : null));
  const there = numbers.filter(value => value !== null);
  const [low, high] = [Math.min(...there), Math.max(...there)];
  const place = (value: number): number => (high > low ? (value - low) / (high - low) : 0.5);
  const steps = high > low ? [0, 0.25, 0.5, 0.75, 1] : [0.5];
  return {
    trait,
    places: numbers.map(value => (value === null ? null : place(value))),
    ticks: steps.map(at => ({ at, text: number(high > low ? low + at * (high - low) : low, 3) }))
  };
}

/** One row a run, as RFC 4180 has it. */
export function csvOf(runs: WireRun[], traits: Trait[]): string {
  const heads = ['run', 'number', ...traits.map(one => one.name)];
  const rows = runs.map((run, i) => [
    run.runId,
    run.number,
    ...traits.map(({ values }) => values[i])
  ]);
  return [heads, ...rows].map(csvLine).join('\r\n') + '\r\n';
}

function named(
  runs: WireRun[],
  group: Group,
  of: (run: WireRun) => Record<string, unknown>,
  order: (one: string, other: string) => number = (one, other) => one.localeCompare(other)
): Trait[] {
  const names = [...new Set(runs.flatMap(run => Object.keys(of(run))))].sort(order);
  return names.map(name => {
    const values = runs.map(run => (name in of(run) ? (of(run)[name] ?? 'NaN') : undefined));
    return trait(name, group, values, values.map(shown));
  });
}

function trait(name: string, group: Group, values: unknown[], texts: string[]): Trait {
  const differs = new Set(values.map(value => JSON.stringify(value ?? null))).size > 1;
  return { key: `${group}:${name}`, name, group, values, texts, differs };
}

function shown(value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'object' ? JSON.stringify(value) : number(value);
}

/** Numbers of metrics that have no place on an axis. */
const UNBOUNDED: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isNumeric(values: unknown[]): boolean {
  const there = values.filter(
    value => value !== null && value !== undefined && !UNBOUNDED.has(value)
  );
  return there.length > 0 && there.every(isNumber);
}
