/** What the columns of a data set hold, as small drawings and sentences. */

import type { Trans } from '../../tokens';
import type { WireBin, WireColumnProfile } from '../../wire';
import { number } from '../common/words';

/** One bar of a drawing: its height from 0 to 1, and what it stands for. */
export interface Bar {
  share: number;
  label: string;
  count: number;
}

/** How values are spread, or which are there most often. */
export interface Shape {
  kind: 'spread' | 'top' | 'none';
  bars: Bar[];
}

export function shapeOf({ histogram }: WireColumnProfile): Shape {
  if (histogram.length === 0) {
    return { kind: 'none', bars: [] };
  }
  const most = histogram.reduce((high, { count }) => Math.max(high, count), 0);
  const bars = histogram.map(bin => ({
    share: most === 0 ? 0 : bin.count / most,
    label: labelOf(bin),
    count: bin.count
  }));
  return { kind: histogram[0].label === null ? 'spread' : 'top', bars };
}

function labelOf({ low, high, label }: WireBin): string {
  if (label !== null) {
    return label;
  }
  return low === high ? number(low) : `${number(low)} – ${number(high)}`;
}

/** What a column holds besides its drawing, one fact a piece. */
export function factsOf(column: WireColumnProfile, trans: Trans): string[] {
  const { count, missing, distinct, mean, deviation } = column;
  const share = count + missing === 0 ? 0 : (100 * missing) / (count + missing);
  return [
    missing === 0
      ? trans('none missing')
      : trans('%1 missing (%2 %)', missing, share < 1 ? '<1' : Math.round(share)),
    distinct === null ? trans('very many different') : trans('%1 different', distinct),
    mean === null ? '' : trans('mean %1', number(mean)),
    deviation === null ? '' : trans('deviation %1', number(deviation))
  ].filter(fact => fact);
}

/** Between which values a column lies; nothing where it has no order. */
export function rangeOf({ min, max }: WireColumnProfile): [string, string] | null {
  return min === null || max === null ? null : [number(min), number(max)];
}
