/** The curves of several runs over one common axis. */

import type { WireMetrics, WireRun } from '../../wire';
import { measure } from '../common/numbers';
import { smoothed } from '../charts/series';

/** `undefined` where a run has no point at an x: its line goes on; null is a gap. */
export type Points = (number | null | undefined)[];

export interface Overlay {
  name: string;
  x: number[];
  /** By run id; runs without this metric are not in it. */
  curves: Map<string, { y: Points; raw: Points }>;
}

export interface OverlayLook {
  /** Seconds since each run began, instead of steps. */
  byTime: boolean;
  /** 0 to 1. */
  smoothing: number;
}

/** The metrics that were logged more than once by at least one of the runs. */
export function curveNames(metrics: ReadonlyMap<string, WireMetrics>): string[] {
  const names = new Set<string>();
  for (const { series } of metrics.values()) {
    for (const [name, one] of Object.entries(series)) {
      if (one.count > 1) {
        names.add(name);
      }
    }
  }
  return [...names];
}

export function overlay(
  name: string,
  runs: WireRun[],
  metrics: ReadonlyMap<string, WireMetrics>,
  look: OverlayLook
): Overlay {
  const columns = runs.flatMap(run => {
    const series = metrics.get(run.runId)?.series[name];
    if (!series || series.x.length === 0) {
      return [];
    }
    const began = run.startedAt ? Date.parse(run.startedAt) / 1000 : Math.min(...series.t);
    const order = series.x.map((_, i) => i);
    if (look.byTime) {
      order.sort((a, b) => series.t[a] - series.t[b]);
    }
    const x = order.map(i => (look.byTime ? series.t[i] - began : series.x[i]));
    const raw = order.map(i => measure(series.y[i]));
    return [{ runId: run.runId, x, raw, y: smoothed(raw, look.smoothing) }];
  });
  const x = [...new Set(columns.flatMap(column => column.x))].sort((a, b) => a - b);
  const place = new Map(x.map((value, i) => [value, i]));
  const curves = new Map<string, { y: Points; raw: Points }>();
  for (const column of columns) {
    const [y, raw]: [Points, Points] = [Array(x.length), Array(x.length)];
    column.x.forEach((value, i) => {
      const at = place.get(value)!;
      [y[at], raw[at]] = [column.y[i], column.raw[i]];
    });
    curves.set(column.runId, { y, raw });
  }
  return { name, x, curves };
}
