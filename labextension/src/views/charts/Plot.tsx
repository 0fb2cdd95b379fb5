import * as React from 'react';
import uPlot from 'uplot';
import { COLOURS } from '../../models/charts/colours';
import { csvLine } from '../../models/common/csv';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';
import { Button } from '../common/Control';
import { useIsSeen, useSize, useTheme, useTrans } from '../common/hooks';
import { saveAddress, saveText } from '../common/saving';
import { columns, options, picture } from './drawing';
import type { Curve, Drawing, Pointed } from './drawing';

export type { Curve, Drawing } from './drawing';

/** Curves whose values there is room for at the right of the name. */
const FEW = 2;
/** What the keys make of the part that is shown. */
const CHANGES: Record<string, (from: number, to: number) => [number, number]> = {
  '+': (from, to) => [from + (to - from) / 4, to - (to - from) / 4],
  '-': (from, to) => [from - (to - from) / 2, to + (to - from) / 2],
  ArrowLeft: (from, to) => [from - (to - from) / 4, to - (to - from) / 4],
  ArrowRight: (from, to) => [from + (to - from) / 4, to + (to - from) / 4],
  Escape: () => [-Infinity, Infinity]
};

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
        {pointed === null && note === undefined ? (
          <Legend drawing={drawing} />
        ) : (
          <span className="jp-aml-Chart-value">
            {pointed === null ? note : pointedText(props, pointed, trans('step'))}
          </span>
        )}
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
    <span className="jp-aml-Chart-legend">
      {(named.length > 1 ? named : []).map(({ label, colour }) => (
        <span key={label} className="jp-aml-Chart-key">
          <span style={{ background: colour }} aria-hidden="true" />
          {label}
        </span>
      ))}
    </span>
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

async function saveCsv({ name, drawing, csv, xName }: PlotProps): Promise<void> {
  const heads = [xName ?? 'x', ...drawing.curves.map((curve, i) => curve.label || `y${i}`)];
  const row = (i: number): string =>
    csvLine([drawing.x[i], ...drawing.curves.map(curve => curve.y[i])]);
  const drawn = [csvLine(heads), ...drawing.x.map((_, i) => row(i))].join('\n');
  saveText(csv ? await csv() : drawn, `${name}.csv`, 'text/csv');
}
