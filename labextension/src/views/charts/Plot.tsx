import * as React from 'react';
import uPlot from 'uplot';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';
import { Button } from '../common/Control';
import { saveAddress, saveText } from '../common/saving';
import { useIsSeen, useSize, useTheme, useTrans } from '../common/hooks';

const MARKED_BELOW = 40;
/** Curves whose values there is room for at the right of the name. */
const FEW = 2;
/** Colours that stay apart for the colour-blind, on light and dark. */
const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#888888'];

/** Distances of ticks between which only whole numbers lie. */
const WHOLE = Array.from({ length: 36 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

/** What the keys make of the part that is shown. */
const CHANGES: Record<string, (from: number, to: number) => [number, number]> = {
  '+': (from, to) => [from + (to - from) / 4, to - (to - from) / 4],
  '-': (from, to) => [from - (to - from) / 2, to + (to - from) / 2],
  ArrowLeft: (from, to) => [from - (to - from) / 4, to - (to - from) / 4],
  ArrowRight: (from, to) => [from + (to - from) / 4, to + (to - from) / 4],
  Escape: () => [-Infinity, Infinity]
};

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
interface Pointed {
  at: number;
  height: number;
}

export interface PlotProps {
  name: string;
  label: string;
  drawing: Drawing;
  /** What stands at the right of the name while no point is pointed at. */
  note?: string;
  xName?: string;
  /** How values are written; numbers as numbers by default. */
  yText?(value: number | null): string;
  /** Tells which part is looked at; null for all of it. */
  zoomed?(range: [number, number] | null): void;
  /** The text of the file with the values; without it what is drawn is written. */
  csv?(): Promise<string>;
  /** Hands out a function that makes a picture, until the returned function is called. */
  offer?(draw: () => string): () => void;
}

/** Lines over a common axis: drawn only while they are seen, saved as PNG and CSV. */
export function Plot(props: PlotProps): JSX.Element {
  const { name, drawing, note } = props;
  const trans = useTrans();
  const frame = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<uPlot | null>(null);
  const [pointed, setPointed] = React.useState<Pointed | null>(null);
  const [isZoomed, setZoomed] = React.useState(false);
  const given = React.useRef(props);
  given.current = props;
  const { width, height } = useSize(frame);
  const isSeen = useIsSeen(frame);
  const theme = useTheme();
  const shape = JSON.stringify([
    drawing.isLog,
    drawing.isTime,
    drawing.isUnit,
    drawing.curves.map(curve => ({ ...curve, y: null }))
  ]);

  React.useEffect(() => {
    const node = frame.current;
    if (!node || width === 0) {
      return;
    }
    const zoom = (range: [number, number] | null): void => {
      setZoomed(range !== null);
      given.current.zoomed?.(range);
    };
    // The node itself has no size while Lab changes the theme.
    const size = { width, height };
    const made = new uPlot(
      { ...options(node, given, setPointed, zoom), ...size },
      columns(given.current.drawing),
      node
    );
    plot.current = made;
    setZoomed(false);
    const withdraw = given.current.offer?.(() => picture(made));
    return () => {
      withdraw?.();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme, width > 0]);

  React.useEffect(() => {
    if (width > 0 && height > 0) {
      plot.current?.setSize({ width, height });
    }
  }, [width, height]);

  React.useEffect(() => {
    const made = plot.current;
    if (isSeen && made) {
      made.setData(columns(drawing), !isZoomed);
      const { min, max } = made.scales.x;
      if (isZoomed && min !== undefined && max !== undefined) {
        made.setScale('x', { min, max });
      }
    }
  }, [drawing, isSeen]);

  const reset = (): void => {
    setZoomed(false);
    props.zoomed?.(null);
    plot.current?.setData(columns(given.current.drawing), true);
  };
  const press = (event: React.KeyboardEvent): void => {
    const made = plot.current;
    const { min, max } = made?.scales.x ?? {};
    const all = given.current.drawing.x;
    const change = CHANGES[event.key];
    if (!made || !change || min === undefined || max === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const [from, to] = change(min, max);
    if (from <= all[0] && to >= all.at(-1)!) {
      reset();
    } else {
      const range: [number, number] = [Math.max(from, all[0]), Math.min(to, all.at(-1)!)];
      setZoomed(true);
      made.setScale('x', { min: range[0], max: range[1] });
      props.zoomed?.(range);
    }
  };
  return (
    <figure className="jp-aml-Chart" aria-label={props.label}>
      <figcaption>
        <span className="jp-aml-Chart-name" title={name}>
          {name}
        </span>
        <span className="jp-aml-Chart-value">
          {pointed === null
            ? (note ?? <Legend drawing={drawing} />)
            : pointedText(props, pointed, trans('step'))}
        </span>
        <Gaps drawing={drawing} />
        <span className="jp-aml-Chart-save">
          {isZoomed && (
            <Button className="jp-mod-small" title={trans('Show all of %1', name)} onClick={reset}>
              {trans('Whole')}
            </Button>
          )}
          <Button
            className="jp-mod-small"
            title={trans('Save %1 as PNG', name)}
            onClick={() => plot.current && saveAddress(picture(plot.current), `${name}.png`)}
          >
            PNG
          </Button>
          <Button
            className="jp-mod-small"
            title={trans('Save %1 as CSV', name)}
            onClick={() => void saveCsv(props)}
          >
            CSV
          </Button>
        </span>
      </figcaption>
      <div
        className="jp-aml-Chart-frame"
        ref={frame}
        tabIndex={0}
        role="img"
        aria-label={trans('%1; + and - zoom, arrows move, Escape shows all', name)}
        onKeyDown={press}
      />
    </figure>
  );
}

/** How many of the values are not drawn, as neither infinity nor NaN has a place on an axis. */
function Gaps({ drawing }: { drawing: Drawing }): JSX.Element | null {
  const trans = useTrans();
  const gaps = drawing.curves
    .filter(curve => !curve.isFaint)
    .flatMap(curve => curve.y)
    .filter(value => value !== undefined && !isFinite(value)).length;
  return gaps > 0 ? (
    <span className="jp-aml-Chart-gaps" title={trans('%1 infinite or NaN: not drawn', gaps)}>
      {trans('%1 not finite', gaps)}
    </span>
  ) : null;
}

/** Which colour is which curve. */
function Legend({ drawing }: { drawing: Drawing }): JSX.Element {
  const named = drawing.curves
    .map((curve, i) => ({ ...curve, colour: curve.colour ?? COLOURS[i % COLOURS.length] }))
    .filter(curve => curve.label && !curve.isFaint);
  return (
    <>
      {(named.length > 1 ? named : []).map(({ label, colour }) => (
        <span key={label} className="jp-aml-Chart-key">
          <span style={{ background: colour }} aria-hidden="true" />
          {label}
        </span>
      ))}
    </>
  );
}

function pointedText(
  { drawing, xName, yText = number }: PlotProps,
  { at, height }: Pointed,
  step: string
): string {
  const x = drawing.x[at];
  const place = drawing.isTime
    ? new Date(x * 1000).toLocaleTimeString()
    : `${xName ?? step} ${number(x)}`;
  const there = drawing.curves.filter(
    curve => !curve.isFaint && curve.y[at] !== null && curve.y[at] !== undefined
  );
  if (there.length > FEW) {
    // There is room for the first of many: that is the one which is meant.
    const place = drawing.isLog ? Math.log : Number;
    const off = (curve: Curve): number => Math.abs(place(curve.y[at]!) - place(height));
    there.sort((one, other) => off(one) - off(other));
  }
  const values = there.map(curve => (curve.label ? `${curve.label} ` : '') + yText(curve.y[at]!));
  return `${place}: ${values.join(', ')}`;
}

function columns(drawing: Drawing): uPlot.AlignedData {
  const positive = (y: Curve['y']): Curve['y'] =>
    y.map(value => (value === undefined || (value !== null && value > 0) ? value : null));
  // One infinite value would leave no scale to draw the others on.
  const finite = (y: Curve['y']): Curve['y'] =>
    y.map(value => (value === undefined || isFinite(value) ? value : null));
  const ys = drawing.curves.map(({ y }) => (drawing.isLog ? positive(finite(y)) : finite(y)));
  return [drawing.x, ...ys] as uPlot.AlignedData;
}

function options(
  node: HTMLElement,
  given: { current: PlotProps },
  point: (pointed: Pointed | null) => void,
  zoom: (range: [number, number] | null) => void
): uPlot.Options {
  const { drawing, yText = number } = given.current;
  const style = getComputedStyle(node);
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
    padding: [6, 10, 0, 0],
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
        size: 52,
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

function pointedOf({ cursor, posToVal }: uPlot): Pointed | null {
  const { idx, top } = cursor;
  return idx === null || idx === undefined ? null : { at: idx, height: posToVal(top ?? 0, 'y') };
}

function faint(colour: string, percent: number): string {
  return `color-mix(in srgb, ${colour} ${percent}%, transparent)`;
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

async function saveCsv({ name, drawing, csv, xName }: PlotProps): Promise<void> {
  const heads = [xName ?? 'x', ...drawing.curves.map((curve, i) => curve.label || `y${i}`)];
  const row = (i: number): string =>
    [drawing.x[i], ...drawing.curves.map(curve => curve.y[i] ?? '')].join(',');
  const drawn = [heads.join(','), ...drawing.x.map((_, i) => row(i))].join('\n');
  saveText(csv ? await csv() : drawn, `${name}.csv`, 'text/csv');
}
