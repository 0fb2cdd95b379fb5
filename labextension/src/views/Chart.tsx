import * as React from 'react';
import uPlot from 'uplot';
import type { RunModel } from '../models/run';
import type { Series } from '../models/series';
import { number } from '../models/words';
import { Button } from './Control';
import { useIsSeen, useSignal, useSize, useTheme, useTrans } from './hooks';

const PAUSE = 100;
const MARKED_BELOW = 40;

interface ChartProps {
  model: RunModel;
  series: Series;
}

/** One curve over the steps; it is drawn at most ten times a second, and only while it is seen. */
export function Chart({ model, series }: ChartProps): JSX.Element {
  const trans = useTrans();
  const frame = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<uPlot | null>(null);
  const [pointed, setPointed] = React.useState<number | null>(null);
  const { width, height } = useSize(frame);
  const isSeen = useIsSeen(frame);
  const theme = useTheme();
  const version = useSignal(model.measured, PAUSE);

  React.useEffect(() => {
    const node = frame.current;
    if (!node || width === 0) {
      return;
    }
    // The node itself has no size while Lab changes the theme.
    const size = { width, height };
    const made = new uPlot(
      { ...options(node, series, setPointed), ...size },
      columns(series),
      node
    );
    plot.current = made;
    const draw = (): string => picture(made);
    model.charts.set(series.name, draw);
    return () => {
      if (model.charts.get(series.name) === draw) {
        // The picture outlives the drawing, for the notebook that is saved later.
        const last = draw();
        model.charts.set(series.name, () => last);
      }
      made.destroy();
      plot.current = null;
    };
  }, [model, series, theme, width > 0]);

  React.useEffect(() => {
    if (width > 0 && height > 0) {
      plot.current?.setSize({ width, height });
    }
  }, [width, height]);

  React.useEffect(() => {
    if (isSeen) {
      plot.current?.setData(columns(series));
    }
  }, [series, version, isSeen]);

  const step = pointed === null ? undefined : series.x[pointed];
  const value = pointed === null ? series.last : series.y[pointed];
  return (
    <figure
      className="jp-aml-Chart"
      aria-label={trans('%1: %2 points, last %3', series.name, series.count, number(series.last))}
    >
      <figcaption>
        <span className="jp-aml-Chart-name" title={series.name}>
          {series.name}
        </span>
        <span className="jp-aml-Chart-value">
          {step === undefined ? number(value) : trans('step %1: %2', number(step), number(value))}
        </span>
        <span className="jp-aml-Chart-save">
          <Button
            className="jp-mod-small"
            title={trans('Save %1 as PNG', series.name)}
            onClick={() => savePng(plot.current, series)}
          >
            PNG
          </Button>
          <Button
            className="jp-mod-small"
            title={trans('Save %1 as CSV', series.name)}
            onClick={() => saveCsv(series)}
          >
            CSV
          </Button>
        </span>
      </figcaption>
      <div className="jp-aml-Chart-frame" ref={frame} />
    </figure>
  );
}

function columns(series: Series): uPlot.AlignedData {
  return [series.x, series.y];
}

function options(
  node: HTMLElement,
  series: Series,
  point: (index: number | null) => void
): uPlot.Options {
  const style = getComputedStyle(node);
  const colour = (name: string, fallback: string): string =>
    style.getPropertyValue(name).trim() || fallback;
  const ink = colour('--jp-ui-font-color2', style.color);
  const line = colour('--jp-border-color2', '#8884');
  const font = `10px ${colour('--jp-ui-font-family', 'sans-serif')}`;
  const axis = {
    stroke: ink,
    font,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, size: 3, width: 1 }
  };
  return {
    width: 0,
    height: 0,
    padding: [6, 10, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 22, gap: 2, space: 48 },
      {
        ...axis,
        size: 48,
        gap: 2,
        space: 26,
        values: (_, ticks) => ticks.map(tick => number(tick))
      }
    ],
    series: [
      {},
      {
        stroke: colour('--jp-brand-color1', '#1976d2'),
        width: 1.5,
        spanGaps: false,
        points: { show: () => series.x.length < MARKED_BELOW, size: 4 }
      }
    ],
    hooks: { setCursor: [u => point(u.cursor.idx ?? null)] }
  };
}

/** The chart as a PNG image on the page's background, so that it can be read on any other. */
function picture({ ctx }: uPlot): string {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [ctx.canvas.width, ctx.canvas.height];
  const ink = copy.getContext('2d')!;
  const paper = getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim();
  ink.fillStyle = paper || 'white';
  ink.fillRect(0, 0, copy.width, copy.height);
  ink.drawImage(ctx.canvas, 0, 0);
  return copy.toDataURL('image/png');
}

function savePng(plot: uPlot | null, series: Series): void {
  if (plot) {
    save(picture(plot), `${series.name}.png`);
  }
}

function saveCsv(series: Series): void {
  const rows = series.x.map((x, i) => `${x},${series.y[i] ?? ''},${series.t[i]}`);
  const text = ['step,value,time', ...rows].join('\n');
  save(`data:text/csv;charset=utf-8,${encodeURIComponent(text)}`, `${series.name}.csv`);
}

function save(address: string, name: string): void {
  const link = document.createElement('a');
  [link.href, link.download] = [address, name.replace(/[\\/]/g, '_')];
  link.click();
}
