/** Charts of a run: its curves, and the bar that says how all of them are drawn. */

import * as React from 'react';
import { between, smoothed, thin } from '../../models/charts/series';
import type { Look, Series } from '../../models/charts/series';
import { csvLine } from '../../models/common/csv';
import { number } from '../../models/common/words';
import type { RunModel } from '../../models/run/run';
import type { WireSeries } from '../../wire';
import { Button } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { Plot } from './Plot';
import type { Drawing } from './Plot';

const PAUSE = 100;
const DRAWN = 2_000;
const MOST_POINTS = 100_000;

interface ChartProps {
  model: RunModel;
  series: Series;
}

/** One curve of a run; it is drawn at most ten times a second, and finer where it is zoomed into. */
export function Chart({ model, series }: ChartProps): JSX.Element {
  const trans = useTrans();
  const version = useSignal(model.measured, PAUSE) + useSignal(model.changed, PAUSE);
  const [detail, setDetail] = React.useState<WireSeries | null>(null);
  const { isLog, byTime, smoothing } = model.look;
  const drawing = React.useMemo(
    () => drawn(detail ?? series, { isLog, byTime, smoothing }),
    [series, detail, version, isLog, byTime, smoothing]
  );
  const asked = React.useRef(0);
  const zoomed = async (range: [number, number] | null): Promise<void> => {
    const turn = ++asked.current;
    const way = model.way;
    if (range === null || !way || !series.isThin || byTime) {
      setDetail(null);
      return;
    }
    const share = (range[1] - range[0]) / (series.x.at(-1)! - series.x[0] || 1);
    const points = Math.min(MOST_POINTS, Math.ceil(DRAWN / Math.max(share, 1e-6)));
    try {
      const found = await way.rest.series(model.runId, series.name, points);
      const whole = found.series[series.name];
      if (whole && turn === asked.current) {
        setDetail(part(whole, range));
      }
    } catch {
      // What is drawn already is the same curve, only coarser.
      setDetail(null);
    }
  };
  const offer = React.useCallback(
    (draw: () => string) => model.charts.offer(series.name, draw),
    [model, series]
  );
  return (
    <Plot
      name={series.name}
      label={trans('%1: %2 points, last %3', series.name, series.count, number(series.last))}
      drawing={drawing}
      note={number(series.last)}
      zoomed={range => void zoomed(range)}
      csv={() => csv(model, series)}
      offer={offer}
    />
  );
}

/** The points of a part that was zoomed into, with the ends of the curve around it. */
function part(whole: WireSeries, [from, to]: [number, number]): WireSeries {
  const inner = between(whole, from, to);
  const kept = thin(inner.x, inner.y, DRAWN);
  const pick = <T,>(column: T[], all: T[]): T[] => [
    ...(inner.x[0] > whole.x[0] ? [all[0]] : []),
    ...kept.map(index => column[index]),
    ...(inner.x.at(-1)! < whole.x.at(-1)! ? [all.at(-1)!] : [])
  ];
  return {
    ...whole,
    x: pick(inner.x, whole.x),
    y: pick(inner.y, whole.y),
    t: pick(inner.t, whole.t)
  };
}

function drawn(series: Pick<WireSeries, 'x' | 'y' | 't'>, look: Look): Drawing {
  const order = look.byTime
    ? series.t.map((_, i) => i).sort((a, b) => series.t[a] - series.t[b])
    : null;
  const x = order ? order.map(i => series.t[i]) : [...series.x];
  const y = order ? order.map(i => series.y[i]) : [...series.y];
  const raw = { label: '', y };
  const curves = look.smoothing
    ? [
        { ...raw, isFaint: true },
        { label: '', y: smoothed(y, look.smoothing) }
      ]
    : [raw];
  return { x, curves, isLog: look.isLog, isTime: look.byTime };
}

/** Every point, from the server where not all are here. */
async function csv(model: RunModel, series: Series): Promise<string> {
  const way = series.isThin ? model.way : null;
  const found = way ? await way.rest.series(model.runId, series.name, 0) : null;
  const { x, y, t } = found?.series[series.name] ?? series;
  return ['step,value,time', ...x.map((step, i) => csvLine([step, y[i], t[i]]))].join('\n');
}

interface ChartBarProps {
  model: RunModel;
  /** What stands before it. */
  children?: React.ReactNode;
}

/** How the charts of a run are drawn, for all of them at once. */
export function ChartBar({ model, children }: ChartBarProps): JSX.Element {
  const trans = useTrans();
  const { look } = model;
  const change = (changes: Partial<Look>): void => {
    Object.assign(look, changes);
    model.changed.emit();
  };
  return (
    <div className="jp-aml-ChartBar" role="group" aria-label={trans('How the charts are drawn')}>
      {children}
      <Button
        className="jp-mod-small"
        aria-pressed={look.isLog}
        title={trans('Logarithmic scale; what is not above zero is left out')}
        onClick={() => change({ isLog: !look.isLog })}
      >
        {trans('Log scale')}
      </Button>
      <Button
        className="jp-mod-small"
        aria-pressed={look.byTime}
        title={trans('Over time instead of steps')}
        onClick={() => change({ byTime: !look.byTime })}
      >
        {trans('By time')}
      </Button>
      <label className="jp-aml-Switch" title={trans('Smoothing')}>
        {trans('Smooth')}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={look.smoothing}
          aria-label={trans('Smoothing')}
          onChange={event => change({ smoothing: Number(event.target.value) })}
        />
      </label>
    </div>
  );
}
