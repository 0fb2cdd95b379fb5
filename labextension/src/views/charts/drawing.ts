/** What a chart shows, and how uPlot is told to draw it. */

import uPlot from 'uplot';
import { COLOURS } from '../../models/charts/colours';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';

const MARKED_BELOW = 40;
/** Distances of ticks between which only whole numbers lie. */
const WHOLE = Array.from({ length: 36 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

/** One line, or the steps of a histogram: a value holds from its x to the next. */
export interface Curve {
  label: string;
  /** null is a gap; `undefined` is no point of this curve, whose line goes on. */
  y: (number | null | undefined)[];
  /** Drawn quietly, as what another curve was made of. */
  isFaint?: boolean;
  isDashed?: boolean;
  kind?: 'line' | 'steps';
  /** The curve up to which the space from this one is filled. */
  bandTo?: number;
  colour?: string;
}

/** What is drawn; x ascends. */
export interface Drawing {
  x: number[];
  curves: Curve[];
  isLog?: boolean;
  isTime?: boolean;
  /** Both axes from 0 to 1. */
  isUnit?: boolean;
}

/** The point under the pointer: its index, and the value at the pointer's height. */
export interface Pointed {
  at: number;
  height: number;
}

/** What of a chart decides how it is drawn. */
interface Drawn {
  drawing: Drawing;
  yText?(value: number | null): string;
}

/** What uPlot draws of it. */
export function columns(drawing: Drawing): uPlot.AlignedData {
  const positive = (y: Curve['y']): Curve['y'] =>
    y.map(value => (value === undefined || (value !== null && value > 0) ? value : null));
  // One infinite value would leave no scale to draw the others on.
  const finite = (y: Curve['y']): Curve['y'] =>
    y.map(value => (value === undefined || isFinite(value) ? value : null));
  const ys = drawing.curves.map(({ y }) => (drawing.isLog ? positive(finite(y)) : finite(y)));
  return [drawing.x, ...ys] as uPlot.AlignedData;
}

/** How uPlot draws it, in the colours of the page. */
export function options(
  node: HTMLElement,
  given: { current: Drawn },
  point: (pointed: Pointed | null) => void,
  zoom: (range: [number, number] | null) => void
): uPlot.Options {
  const { drawing, yText = number } = given.current;
  // What has left the page has no colours of its own any more.
  const style = getComputedStyle(node.isConnected ? node : document.body);
  const colour = (name: string, fallback: string): string =>
    style.getPropertyValue(name).trim() || fallback;
  const ink = colour('--jp-ui-font-color2', style.color);
  const line = colour('--jp-border-color2', '#8884');
  const font = `10px ${colour('--jp-ui-font-family', 'sans-serif')}`;
  const accent = colour('--jp-brand-color1', '#1976d2');
  const axis = {
    stroke: ink,
    font,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, size: 3, width: 1 }
  };
  const unit: uPlot.Scale = { range: () => [0, 1] };
  const y: uPlot.Scale = drawing.isLog ? { distr: 3 } : {};
  const strong = drawing.curves.filter(curve => !curve.isFaint).length;
  const ticks = (_: uPlot, values: (number | null)[]): string[] =>
    values.map(value => (value === null ? '' : number(value)));
  const clock = (_: uPlot, values: (number | null)[]): string[] =>
    values.map(value => (value === null ? '' : new Date(value * 1000).toLocaleTimeString()));
  return {
    width: 0,
    height: 0,
    // The last tick of a time of day reaches over the end of the axis.
    padding: [6, drawing.isTime ? 34 : 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: true } },
    scales: drawing.isUnit
      ? { x: { ...unit, time: false }, y: unit }
      : { x: { time: drawing.isTime ?? false }, y },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 2,
        space: drawing.isTime ? 72 : 48,
        values: drawing.isTime ? clock : ticks,
        ...(drawing.x.every(Number.isInteger) && !drawing.isTime ? { incrs: WHOLE } : {})
      },
      {
        ...axis,
        size: widest,
        gap: 2,
        space: 26,
        values: (_, values) => values.map(value => (value === null ? '' : yText(value)))
      }
    ],
    series: [
      {},
      ...drawing.curves.map((curve, i): uPlot.Series => {
        const own = strong > 1 ? COLOURS[i % COLOURS.length] : accent;
        const stroke = curve.colour ?? own;
        const isStepped = curve.kind === 'steps';
        const isQuiet = curve.isFaint && !curve.isDashed;
        return {
          stroke: isQuiet ? faint(stroke, 35) : stroke,
          width: curve.isFaint ? 1 : 1.5,
          dash: curve.isDashed ? [4, 4] : undefined,
          spanGaps: false,
          fill: isStepped ? faint(stroke, 60) : undefined,
          paths: isStepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
          points: {
            show: () =>
              !isStepped && !curve.isFaint && given.current.drawing.x.length < MARKED_BELOW,
            size: 4
          }
        };
      })
    ],
    bands: drawing.curves.flatMap(({ bandTo }, i) =>
      bandTo === undefined
        ? []
        : [{ series: [i + 1, bandTo + 1] as [number, number], fill: faint(accent, 20) }]
    ),
    hooks: {
      setCursor: [u => point(pointedOf(u))],
      setSelect: [
        u => {
          if (u.select.width > 0) {
            const { left, width } = u.select;
            zoom([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
          }
        }
      ],
      ready: [u => u.over.addEventListener('dblclick', () => zoom(null))]
    }
  };
}

/** As much room for the values of an axis as the widest of them takes. */
function widest(plot: uPlot, values: string[] | null, index: number, cycle: number): number {
  const axis = plot.axes[index] as uPlot.Axis & { _size: number };
  if (cycle > 1) {
    // The room decides which values there are: it is not measured for ever.
    return axis._size;
  }
  plot.ctx.font = (axis.font as unknown as string[])[0];
  const wide = (values ?? []).map(value => plot.ctx.measureText(value).width);
  return Math.max(32, Math.ceil(Math.max(0, ...wide) / devicePixelRatio) + 10);
}

function pointedOf({ cursor, posToVal }: uPlot): Pointed | null {
  const { idx, top } = cursor;
  return idx === null || idx === undefined ? null : { at: idx, height: posToVal(top ?? 0, 'y') };
}

function faint(colour: string, percent: number): string {
  return `color-mix(in srgb, ${colour} ${percent}%, transparent)`;
}

/** The picture of a chart that is not drawn now, as nobody looks at it. */
export function pictureOf(
  node: HTMLElement,
  given: { current: Drawn },
  size: { width: number; height: number }
): string {
  const ignore = (): void => undefined;
  const made = new uPlot(
    { ...options(node, given, ignore, ignore), ...size },
    columns(given.current.drawing),
    document.createElement('div')
  );
  // A batch is drawn at once.
  made.batch(ignore);
  const found = picture(made);
  made.destroy();
  return found;
}

/** The chart as a PNG image on the page's background, so that it can be read on any other. */
export function picture({ ctx }: uPlot): string {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [ctx.canvas.width, ctx.canvas.height];
  const ink = copy.getContext('2d')!;
  const paper = getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim();
  ink.fillStyle = paper || 'white';
  ink.fillRect(0, 0, copy.width, copy.height);
  ink.drawImage(ctx.canvas, 0, 0);
  return copy.toDataURL('image/png');
}
