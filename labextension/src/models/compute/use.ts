/** How busy a target was, as steps of a chart. */

import type { WireComputeSample } from '../../wire';
import { isBounded } from './faces';

/** A corner of a line: seconds before now (negative), and a height. */
export type Corner = [seconds: number, value: number];

/** The lines of a chart. */
export interface Use {
  busy: Corner[];
  slots: Corner[];
  /** The height that all of it has room below. */
  top: number;
  /** The most places that were taken at once. */
  peak: number;
  /** The part of the places that was taken, 0 to 1; null where they are not counted. */
  share: number | null;
}

const SPANS = [300, 900, 3600];

/** The shortest time, in seconds, that has all that is known of the last hour in it. */
export function spanOf(samples: readonly WireComputeSample[], now: number): number {
  const known = samples.length > 0 ? (now - Date.parse(samples[0].at)) / 1000 : 0;
  return SPANS.find(span => known <= span) ?? SPANS.at(-1)!;
}

/** Steps over the last `seconds`: each sample holds until the next one, the last until now. */
export function usage(samples: readonly WireComputeSample[], now: number, seconds: number): Use {
  const at = (sample: WireComputeSample): number => (Date.parse(sample.at) - now) / 1000;
  const spans = samples
    .map((sample, i) => {
      const next = samples[i + 1];
      return { sample, from: Math.max(at(sample), -seconds), to: next ? Math.min(at(next), 0) : 0 };
    })
    .filter(({ from, to }) => to > from);
  const corners = (value: (sample: WireComputeSample) => number): Corner[] =>
    spans.flatMap(({ sample, from, to }): Corner[] => [
      [from, value(sample)],
      [to, value(sample)]
    ]);
  const sum = (value: (sample: WireComputeSample) => number): number =>
    spans.reduce((all, { sample, from, to }) => all + value(sample) * (to - from), 0);
  const peak = Math.max(0, ...spans.map(({ sample }) => sample.busy));
  const counted = spans.every(({ sample }) => sample.slots === 0 || isBounded(sample));
  const most = counted ? Math.max(0, ...spans.map(({ sample }) => sample.slots)) : 0;
  return {
    busy: corners(sample => sample.busy),
    slots: counted ? corners(sample => sample.slots) : [],
    top: Math.max(1, peak, most),
    peak,
    share: counted ? sum(sample => sample.busy) / (sum(sample => sample.slots) || 1) : null
  };
}
