/** How many places of a target were taken over the last hour, or since it is known. */

import * as React from 'react';
import { spanOf, usage } from '../../models/compute/use';
import type { Corner } from '../../models/compute/use';
import { duration } from '../../models/common/words';
import type { WireComputeSample } from '../../wire';
import { useNow, useSize, useTrans } from '../common/hooks';

const HEIGHT = 72;
/** Room for the numbers at the left. */
const LEFT = 24;
/** So long a time, in seconds, says something. */
const MOMENT = 10;
/** The picture moves on so often; a second is nothing in an hour. */
const STEP = 5000;

export function UseChart({ samples }: { samples: readonly WireComputeSample[] }): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const now = Math.ceil(useNow(true) / STEP) * STEP;
  const span = spanOf(samples, now);
  const use = React.useMemo(() => usage(samples, now, span), [samples, now, span]);
  const known = -(use.busy[0]?.[0] ?? 0);
  const word = wordOf(known);
  const spoken = (): string =>
    use.peak === 0
      ? trans('Not busy in the last %1.', word)
      : use.share === null
        ? trans('at most %1 runs at once in the last %2', use.peak, word)
        : trans(
            '%1 % of its places in the last %2; at most %3 at once',
            Math.round(100 * use.share),
            word,
            use.peak
          );
  const words = known < MOMENT ? trans('Nothing is known yet of how busy it was.') : spoken();
  const at = ([seconds, value]: Corner): string => {
    const x = LEFT + ((seconds + span) / span) * Math.max(0, width - LEFT - 1);
    const y = HEIGHT - 1 - (value / use.top) * (HEIGHT - 8);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const floor = (corners: Corner[]): Corner[] =>
    corners.length === 0 ? [] : [[corners[0][0], 0], ...corners, [corners.at(-1)![0], 0]];
  return (
    <div className="jp-aml-Use" ref={box}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={words}>
          <line x1={LEFT} x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
          <polygon points={floor(use.busy).map(at).join(' ')} />
          <polyline className="jp-mod-slots" points={use.slots.map(at).join(' ')} />
          <polyline points={use.busy.map(at).join(' ')} />
          <text x={LEFT - 6} y={12} textAnchor="end">
            {use.top}
          </text>
          <text x={LEFT - 6} y={HEIGHT - 2} textAnchor="end">
            0
          </text>
        </svg>
      )}
      <p className="jp-aml-Use-ends" style={{ paddingLeft: LEFT }} aria-hidden="true">
        <span>{trans('%1 ago', wordOf(span))}</span>
        <span>{trans('now')}</span>
      </p>
      <p className="jp-aml-Hint">{words}</p>
    </div>
  );
}

/** `1h`, `7m` or `12s`. */
function wordOf(seconds: number): string {
  return duration(seconds).split(' ')[0];
}
