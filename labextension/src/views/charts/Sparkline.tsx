/** Curves that stand in a line of text. */

import * as React from 'react';
import type { Series } from '../../models/charts/series';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';

const [WIDTH, HEIGHT] = [96, 16];

/** A curve of the height of a line. */
export function Sparkline({ series }: { series: Series }): JSX.Element {
  const points = series.x.flatMap((x, i) => {
    const y = series.y[i];
    return isFinite(y) ? [[x, y]] : [];
  });
  const ys = points.map(([, y]) => y);
  const [low, high] = [
    ys.reduce((a, b) => Math.min(a, b), Infinity),
    ys.reduce((a, b) => Math.max(a, b), -Infinity)
  ];
  const [from, to] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 1];
  const line = points.map(([x, y]) => {
    const left = ((x - from) / (to - from || 1)) * WIDTH;
    const top = HEIGHT - 1 - ((y - low) / (high - low || 1)) * (HEIGHT - 2);
    return `${left.toFixed(1)},${top.toFixed(1)}`;
  });
  return (
    <span className="jp-aml-Spark" title={series.name}>
      <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <polyline points={line.join(' ')} />
      </svg>
      <span className="jp-aml-Spark-name">{series.name}</span>
      <span className="jp-aml-Spark-value">{number(series.last)}</span>
    </span>
  );
}
