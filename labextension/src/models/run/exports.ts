/** What a run logged, as files that other programs read. */

import type { WireSeries } from '../../wire';
import { csvLine } from '../common/csv';
import type { RunModel } from './run';

/** All points of all metrics, one a line; from the server where not all of them are here. */
export async function metricsCsv(model: RunModel): Promise<string> {
  const lines = ['metric,step,value,time'];
  for (const series of model.series.values()) {
    const way = series.isThin ? model.way : null;
    const sent = way ? await way.rest.series(model.runId, series.name, 0) : null;
    const points = sent?.series[series.name] ?? series;
    lines.push(...rows(series.name, points));
  }
  return lines.join('\n') + '\n';
}

function rows(name: string, { x, y, t }: Pick<WireSeries, 'x' | 'y' | 't'>): string[] {
  return x.map((step, i) => csvLine([name, step, y[i], t[i]]));
}
