import type { WireSeries } from '../wire';

const DRAWN = 1_000;

/** One curve with a bounded number of points: it is thinned out again as it grows. */
export class Series {
  x: number[] = [];
  y: (number | null)[] = [];
  t: number[] = [];
  count = 0;
  last: number | null = null;

  constructor(readonly name: string) {}

  replace(points: WireSeries): void {
    [this.x, this.y, this.t] = [[...points.x], [...points.y], [...points.t]];
    [this.count, this.last] = [points.count, points.last];
  }

  /** Take newer points; x stays ascending, as the chart needs it. */
  append(points: WireSeries): void {
    const isLate = this.x.length > 0 && points.x.length > 0 && points.x[0] < this.x.at(-1)!;
    this.x.push(...points.x);
    this.y.push(...points.y);
    this.t.push(...points.t);
    [this.count, this.last] = [points.count, points.last];
    if (isLate) {
      this.sort();
    }
    if (this.x.length > 2 * DRAWN) {
      this.keep(thin(this.y, DRAWN));
    }
  }

  /** The curve as a stored output keeps it. */
  wire(points: number): WireSeries {
    const kept = thin(this.y, points);
    const pick = <T>(column: T[]): T[] => kept.map(index => column[index]);
    return {
      x: pick(this.x),
      y: pick(this.y),
      t: pick(this.t),
      count: this.count,
      last: this.last
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

/** The indexes to keep of a curve: the lowest and the highest of each stretch, and both ends. */
export function thin(y: (number | null)[], points: number): number[] {
  if (y.length <= points) {
    return y.map((_, index) => index);
  }
  const kept = new Set([0, y.length - 1]);
  const stretches = Math.floor((points - 2) / 2);
  for (let i = 0; i < stretches; i++) {
    const from = Math.floor((i * y.length) / stretches);
    const to = Math.floor(((i + 1) * y.length) / stretches);
    let [low, high] = [from, from];
    for (let j = from; j < to; j++) {
      const value = y[j];
      if (value !== null && (y[low] === null || value < y[low]!)) {
        low = j;
      }
      if (value !== null && (y[high] === null || value > y[high]!)) {
        high = j;
      }
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}
