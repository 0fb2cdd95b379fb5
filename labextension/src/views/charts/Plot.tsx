/** Charts of any lines, with zoom, keys, legend and export. */

import * as React from 'react';
import uPlot from 'uplot';
import { COLOURS } from '../../models/charts/colours';
import { csvLine } from '../../models/common/csv';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';
import { Button } from '../common/Control';
import { useIsNear, useSize, useTheme, useTrans } from '../common/hooks';
import { saveAddress, saveText } from '../common/saving';
import { columns, options, picture, pictureOf } from './drawing';
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

type Range = [number, number];

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
  zoomed?(range: Range | null): void;
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
  const given = React.useRef(props);
  given.current = props;
  const size = useSize(frame);
  const { width, height } = size;
  const hasRoom = width > 0;
  const room = React.useRef(size);
  room.current = hasRoom ? size : room.current;
  const isNear = useIsNear(frame);
  const theme = useTheme();
  const shape = JSON.stringify([
    drawing.isLog,
    drawing.isTime,
    drawing.isUnit,
    drawing.curves.map(curve => ({ ...curve, y: null }))
  ]);
  const [zoom, setZoom] = React.useState<{ shape: string; range: Range } | null>(null);
  const range = zoom?.shape === shape ? zoom.range : null;
  const shown = React.useRef(range);
  shown.current = range;
  const look = (to: Range | null): void => {
    setZoom(to && { shape, range: to });
    given.current.zoomed?.(to);
  };
  const paint = (node: HTMLElement): string =>
    plot.current ? picture(plot.current) : pictureOf(node, given, room.current);

  // Before the chart is taken down, so that its last picture is this one.
  React.useEffect(() => {
    const node = frame.current;
    return node && hasRoom ? given.current.offer?.(() => paint(node)) : undefined;
  }, [hasRoom]);

  React.useEffect(() => {
    const node = frame.current;
    if (!node || !hasRoom || !isNear) {
      return;
    }
    // The node itself has no size while Lab changes the theme.
    const made = new uPlot(
      { ...options(node, given, setPointed, look), width, height },
      columns(given.current.drawing),
      node
    );
    plot.current = made;
    if (shown.current) {
      scaleTo(made, shown.current);
    }
    return () => {
      made.destroy();
      plot.current = null;
      setPointed(null);
    };
  }, [shape, theme, hasRoom, isNear]);

  React.useEffect(() => {
    if (width > 0 && height > 0) {
      plot.current?.setSize({ width, height });
    }
  }, [width, height]);

  React.useEffect(() => {
    const made = plot.current;
    if (made) {
      made.setData(columns(drawing), range === null);
      if (range) {
        scaleTo(made, range);
      }
    }
  }, [drawing, range]);

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
    const isAll = from <= all[0] && to >= all.at(-1)!;
    look(isAll ? null : [Math.max(from, all[0]), Math.min(to, all.at(-1)!)]);
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
          {range && (
            <Button
              className="jp-mod-small"
              title={trans('Show all of %1', name)}
              onClick={() => look(null)}
            >
              {trans('Whole')}
            </Button>
          )}
          <Button
            className="jp-mod-small"
            title={trans('Save %1 as PNG', name)}
            onClick={() => frame.current && saveAddress(paint(frame.current), `${name}.png`)}
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

function scaleTo(plot: uPlot, [min, max]: Range): void {
  plot.setScale('x', { min, max });
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
