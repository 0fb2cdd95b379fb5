/** Parallel coordinates: compared runs as lines from parameters to metrics. */

import * as React from 'react';
import { numbered } from '../../models/common/words';
import { withWords } from '../../models/common/names';
import { axis } from '../../models/compare/columns';
import type { Axis, Trait } from '../../models/compare/columns';
import type { Compared } from '../../models/compare/compared';
import { Button } from '../common/Control';
import { useSize, useTrans } from '../common/hooks';
import { More, useSteps } from '../common/Steps';
import { saveDrawing } from '../common/saving';

const MARGIN = { top: 40, right: 60, bottom: 16, left: 60 };
const MOST_AXES = 12;
const WORD = 18;
const CHOICES = 48;

interface ParallelProps {
  compared: Compared;
  axes: Trait[];
}

/** Each run as a line across parameters and metrics. */
export function Parallel({ compared, axes: traits }: ParallelProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const svg = React.useRef<SVGSVGElement>(null);
  const { width, height } = useSize(box);
  const [pointed, setPointed] = React.useState<string | null>(null);
  const [chosen, setChosen] = React.useState<ReadonlySet<string> | null>(null);
  const usual = traits.filter(one => one.differs).slice(0, MOST_AXES);
  const keys = chosen ?? new Set(usual.map(one => one.key));
  const axes = React.useMemo(
    () => traits.filter(one => keys.has(one.key)).map(axis),
    [traits, [...keys].join('\n')]
  );
  const [wanted, setWanted] = React.useState('');
  const has = withWords(wanted);
  const choices = useSteps(
    traits.filter(one => has(one.name)),
    CHOICES,
    wanted
  );
  const place = placer(width, height, axes.length);
  const toggle = (key: string): void => {
    const left = new Set(keys);
    if (!left.delete(key)) {
      left.add(key);
    }
    setChosen(left);
  };
  const isDrawn = axes.length > 1 && width > 0;
  return (
    <div className="jp-aml-Compare-pane">
      <div className="jp-aml-Bar jp-aml-Compare-choices" role="group" aria-label={trans('Axes')}>
        {traits.length > CHOICES && (
          <input
            type="search"
            placeholder={trans('Axes')}
            aria-label={trans('Find axes')}
            value={wanted}
            onChange={event => setWanted(event.target.value)}
          />
        )}
        {choices.shown.map(one => (
          <label key={one.key} className="jp-aml-Switch">
            <input type="checkbox" checked={keys.has(one.key)} onChange={() => toggle(one.key)} />
            {one.name}
          </label>
        ))}
        <More steps={choices} />
        <span className="jp-aml-Bar-gap" />
        <Button
          disabled={!isDrawn}
          title={trans('Save the picture as PNG')}
          onClick={() => svg.current && void saveDrawing(svg.current, 'parallel')}
        >
          PNG
        </Button>
      </div>
      <div className="jp-aml-Compare-picture" ref={box}>
        {isDrawn ? (
          <svg
            ref={svg}
            width={width}
            height={height}
            role="img"
            aria-label={trans('%1 runs over %2 axes', compared.shown.length, axes.length)}
          >
            {compared.shown.map(run => {
              const index = compared.runs.indexOf(run);
              const isOther = pointed !== null && pointed !== run.runId;
              return pieces(axes, index, place).map((points, i) => (
                <polyline
                  key={`${run.runId} ${i}`}
                  className={`jp-aml-Compare-line${isOther ? ' jp-mod-other' : ''}`}
                  points={points}
                  stroke={compared.strokes.get(run.runId)?.colour}
                  strokeDasharray={compared.strokes.get(run.runId)?.isDashed ? '4 3' : undefined}
                  onMouseEnter={() => setPointed(run.runId)}
                  onMouseLeave={() => setPointed(null)}
                >
                  <title>{numbered(run)}</title>
                </polyline>
              ));
            })}
            {axes.map((one, i) => (
              <AxisLine key={one.trait.key} axis={one} x={place.x(i)} y={place.y} />
            ))}
          </svg>
        ) : (
          <p className="jp-aml-Empty">
            {trans('Choose two or more axes. Parameters and metrics that are numbers can be one.')}
          </p>
        )}
      </div>
    </div>
  );
}

interface Placer {
  x(index: number): number;
  y(share: number): number;
}

function placer(width: number, height: number, count: number): Placer {
  const { top, right, bottom, left } = MARGIN;
  return {
    x: index => left + (index * (width - left - right)) / Math.max(1, count - 1),
    y: share => top + (1 - share) * (height - top - bottom)
  };
}

/** The line of a run, in pieces where it has no value on an axis. */
function pieces(axes: Axis[], run: number, { x, y }: Placer): string[] {
  const found: string[][] = [[]];
  axes.forEach(({ places }, i) => {
    const share = places[run];
    if (share === null || share === undefined) {
      found.push([]);
    } else {
      found.at(-1)!.push(`${x(i)},${y(share)}`);
    }
  });
  return found.filter(points => points.length > 1).map(points => points.join(' '));
}

function AxisLine({
  axis: { trait, ticks },
  x,
  y
}: {
  axis: Axis;
  x: number;
  y(share: number): number;
}): JSX.Element {
  const name = trait.name.length > WORD ? `${trait.name.slice(0, WORD - 1)}…` : trait.name;
  return (
    <g className="jp-aml-Compare-axis">
      <line x1={x} x2={x} y1={y(0)} y2={y(1)} />
      <text x={x} y={16} textAnchor="middle">
        {name}
        <title>{trait.name}</title>
      </text>
      {ticks.map(({ at, text }) => (
        <text key={`${at}${text}`} x={x + 4} y={y(at) - 3}>
          {text.slice(0, WORD)}
        </text>
      ))}
    </g>
  );
}
