/** Compared runs as points over two axes. */

import * as React from 'react';
import { numbered } from '../../models/common/words';
import { axis } from '../../models/compare/columns';
import type { Trait } from '../../models/compare/columns';
import type { Compared } from '../../models/compare/compared';
import { Button } from '../common/Control';
import { useSize, useTrans } from '../common/hooks';
import { saveDrawing } from '../common/saving';

const MARGIN = { top: 32, right: 24, bottom: 48, left: 80 };
const FEW = 12;

interface ScatterProps {
  compared: Compared;
  axes: Trait[];
}

/** The runs as points over any two of what they can be compared by. */
export function Scatter({ compared, axes }: ScatterProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const svg = React.useRef<SVGSVGElement>(null);
  const { width, height } = useSize(box);
  const [x, setX] = React.useState<string | null>(null);
  const [y, setY] = React.useState<string | null>(null);
  const first = axes.find(one => one.group === 'parameter' && one.differs) ?? axes[0];
  const second = axes.find(one => one.group === 'metric' && one !== first) ?? axes[1] ?? first;
  const across = axes.find(one => one.key === x) ?? first;
  const up = axes.find(one => one.key === y) ?? second;
  if (!across || !up) {
    return <p className="jp-aml-Empty">{trans('These runs have no numbers to be compared by.')}</p>;
  }
  const [horizontal, vertical] = [axis(across), axis(up)];
  const left = (share: number): number =>
    MARGIN.left + (0.04 + 0.92 * share) * (width - MARGIN.left - MARGIN.right);
  const top = (share: number): number =>
    MARGIN.top + (0.96 - 0.92 * share) * (height - MARGIN.top - MARGIN.bottom);
  const floor = height - MARGIN.bottom;
  return (
    <div className="jp-aml-Compare-pane">
      <div className="jp-aml-Bar" role="toolbar" aria-label={trans('Axes')}>
        <Choice label={trans('Across')} axes={axes} value={across.key} choose={setX} />
        <Choice label={trans('Up')} axes={axes} value={up.key} choose={setY} />
        <span className="jp-aml-Bar-gap" />
        <Button
          title={trans('Save the picture as PNG')}
          onClick={() => svg.current && void saveDrawing(svg.current, 'scatter')}
        >
          PNG
        </Button>
      </div>
      <div className="jp-aml-Compare-picture" ref={box}>
        {width > 0 && (
          <svg
            ref={svg}
            width={width}
            height={height}
            role="img"
            aria-label={trans('%1 over %2', up.name, across.name)}
          >
            <g className="jp-aml-Compare-axis">
              <line x1={MARGIN.left} x2={width - MARGIN.right} y1={floor} y2={floor} />
              <line x1={MARGIN.left} x2={MARGIN.left} y1={MARGIN.top} y2={floor} />
              {horizontal.ticks.map(({ at, text }) => (
                <text key={`${at}${text}`} x={left(at)} y={floor + 16} textAnchor="middle">
                  {text.slice(0, 16)}
                </text>
              ))}
              {vertical.ticks.map(({ at, text }) => (
                <text key={`${at}${text}`} x={MARGIN.left - 6} y={top(at) + 4} textAnchor="end">
                  {text.slice(0, 12)}
                </text>
              ))}
              <text x={(MARGIN.left + width - MARGIN.right) / 2} y={height - 8} textAnchor="middle">
                {across.name}
              </text>
              <text x={8} y={16}>
                {up.name}
              </text>
            </g>
            {compared.shown.map(run => {
              const index = compared.runs.indexOf(run);
              const [right, high] = [horizontal.places[index], vertical.places[index]];
              if (right === null || high === null) {
                return null;
              }
              const words = `${numbered(run)}: ${across.texts[index]}, ${up.texts[index]}`;
              const stroke = compared.strokes.get(run.runId);
              return (
                <g key={run.runId} className="jp-aml-Compare-point">
                  <circle
                    cx={left(right)}
                    cy={top(high)}
                    r={5}
                    fill={stroke?.isDashed ? 'transparent' : stroke?.colour}
                    stroke={stroke?.colour}
                    strokeWidth={2}
                  >
                    <title>{words}</title>
                  </circle>
                  {compared.shown.length <= FEW && (
                    <text x={left(right) + 8} y={top(high) + 4}>
                      #{run.number}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
        )}
      </div>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  axes: Trait[];
  value: string;
  choose(key: string): void;
}

function Choice({ label, axes, value, choose }: ChoiceProps): JSX.Element {
  return (
    <label className="jp-aml-Switch">
      {label}
      <select value={value} onChange={event => choose(event.target.value)}>
        {axes.map(one => (
          <option key={one.key} value={one.key}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}
