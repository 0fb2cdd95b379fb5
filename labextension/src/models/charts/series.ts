/** Curves with a bounded number of points: how they grow, are thinned out and smoothed. */

import type { WireSeries } from '../../wire';
import { isFinite, measure, told } from '../common/numbers';

const DRAWN = 1_000;
const KEPT = 500;
const KEPT_IN_ALL = 50_000;

/** How a curve is drawn: on a logarithmic scale, over time, and how much smoothed (0 to 1). */
export interface Look {
  isLog: boolean;
  byTime: boolean;
  smoothing: number;
}

/** One curve with a bounded number of points: it is thinned out again as it grows. */
export class Series {
  x: number[] = [];
  y: (number | null)[] = [];
  t: number[] = [];
  count = 0;
  last: number | null = null;

  constructor(readonly name: string) {}

  replace(points: WireSeries): void {
    [this.x, this.y, this.t] = [[...points.x], points.y.map(measure), [...points.t]];
    [this.count, this.last] = [points.count, measure(points.last)];
  }

  /** Whether the run logged more points than are here. */
  get isThin(): boolean {
    return this.count > this.x.length;
  }

  /** Take newer points; x stays ascending, as the chart needs it. */
  append(points: WireSeries): void {
    const isLate = this.x.length > 0 && points.x.length > 0 && points.x[0] < this.x.at(-1)!;
    this.x.push(...points.x);
    this.y.push(...points.y.map(measure));
    this.t.push(...points.t);
    [this.count, this.last] = [points.count, measure(points.last)];
    if (isLate) {
      this.sort();
    }
    if (this.x.length > 2 * DRAWN) {
      this.keep(thin(this.x, this.y, DRAWN));
    }
  }

  /** The curve as a stored output keeps it. */
  wire(points: number): WireSeries {
    const kept = thin(this.x, this.y, points);
    const pick = <T>(column: T[]): T[] => kept.map(index => column[index]);
    return {
      x: pick(this.x),
      y: pick(this.y).map(told),
      t: pick(this.t),
      count: this.count,
      last: told(this.last)
    };
  }

  private sort(): void {
    this.keep(this.x.map((_, index) => index).sort((a, b) => this.x[a] - this.x[b]));
  }

  private keep(kept: number[]): void {
    this.x = kept.map(index => this.x[index]);
    this.y = kept.map(index => this.y[index]);
    this.t = kept.map(index => this.t[index]);
  }
}

/** How many points a stored output keeps of each of so many curves. */
export function keptPoints(curves: number): number {
  return Math.max(2, Math.min(KEPT, Math.floor(KEPT_IN_ALL / Math.max(1, curves))));
}

/**
 * The indexes to keep of a curve: the lowest and the highest of each stretch, and both ends.
 *
 * What is not finite is lower and higher than nothing, as it is not drawn.
 * Stretches are equally long in x, so that a curve may be thinned out again and again as it grows.
 */
export function thin(x: number[], y: (number | null)[], points: number): number[] {
  if (y.length <= points) {
    return y.map((_, index) => index);
  }
  const last = y.length - 1;
  const kept = new Set([0, last]);
  const stretches = Math.floor((points - 2) / 2);
  const width = (x[last] - x[0]) / stretches || 1;
  let from = 0;
  for (let i = 1; i <= stretches && from <= last; i++) {
    const end = i === stretches ? Infinity : x[0] + i * width;
    let [low, high, at] = [from, from, from];
    for (; at <= last && x[at] < end; at++) {
      const value = y[at];
      if (isFinite(value) && (!isFinite(y[low]) || value < y[low]!)) {
        low = at;
      }
      if (isFinite(value) && (!isFinite(y[high]) || value > y[high]!)) {
        high = at;
      }
    }
    if (at > from) {
      kept.add(low).add(high);
    }
    from = at;
  }
  return [...kept].sort((a, b) => a - b);
}

/**
 * The curve without its noise: each point drawn towards those before it.
 *
 * The weight of what was before grows with `smoothing`; the beginning is not drawn towards zero.
 * What is not finite stays where it is, and draws nothing towards it.
 */
export function smoothed(y: (number | null)[], smoothing: number): (number | null)[] {
  let [mean, weight] = [0, 0];
  return y.map(value => {
    if (!isFinite(value)) {
      return value;
    }
    mean = mean * smoothing + value * (1 - smoothing);
    weight = weight * smoothing + (1 - smoothing);
    return mean / weight;
  });
}

/** The part of a curve from one x to another, with the points just outside of it. */
export function between(series: WireSeries, from: number, to: number): WireSeries {
  const first = Math.max(0, series.x.findIndex(x => x >= from) - 1);
  const behind = series.x.findIndex(x => x > to);
  const end = behind < 0 ? series.x.length : behind + 1;
  return {
    ...series,
    x: series.x.slice(first, end),
    y: series.y.slice(first, end),
    t: series.t.slice(first, end)
  };
}
