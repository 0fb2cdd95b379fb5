/** The curves of compared runs. */

import * as React from 'react';
import { byInterest, numbered } from '../../models/common/words';
import { withWords } from '../../models/common/names';
import type { Compared } from '../../models/compare/compared';
import { curveNames, overlay } from '../../models/compare/overlay';
import type { Overlay } from '../../models/compare/overlay';
import type { WireMetrics } from '../../wire';
import { Plot } from '../charts/Plot';
import type { Curve, Drawing } from '../charts/Plot';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';
import { More, useSteps } from '../common/Steps';

const CHARTS = 24;

interface CurvesProps {
  compared: Compared;
  metrics: ReadonlyMap<string, WireMetrics>;
}

/** Each metric in a chart of its own, in which the runs lie over each other. */
export function CompareCurves({ compared, metrics }: CurvesProps): JSX.Element {
  const trans = useTrans();
  const [byTime, setByTime] = React.useState(false);
  const [isLog, setLog] = React.useState(false);
  const [smoothing, setSmoothing] = React.useState(0);
  const [wanted, setWanted] = React.useState('');
  const names = curveNames(metrics).sort(byInterest);
  const steps = useSteps(names.filter(withWords(wanted)), CHARTS, wanted);
  const drawings = React.useMemo(
    () =>
      steps.shown.map(name => {
        const lines = overlay(name, compared.shown, metrics, { byTime, smoothing });
        return { name, drawing: { ...drawn(lines, compared, smoothing > 0), isLog } };
      }),
    [steps.shown.join('\n'), compared, byTime, isLog, smoothing]
  );
  if (names.length === 0) {
    return <p className="jp-aml-Empty">{trans('No metric was logged more than once.')}</p>;
  }
  return (
    <div className="jp-aml-Compare-pane">
      <div className="jp-aml-Bar" role="toolbar" aria-label={trans('How the curves are drawn')}>
        <input
          type="search"
          placeholder={trans('Metrics')}
          aria-label={trans('Filter the metrics')}
          value={wanted}
          onChange={event => setWanted(event.target.value)}
        />
        <span className="jp-aml-Bar-gap" />
        <Button className="jp-mod-small" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
          {trans('Log scale')}
        </Button>
        <Button
          className="jp-mod-small"
          aria-pressed={byTime}
          title={trans('Over the time since each run began, instead of steps')}
          onClick={() => setByTime(!byTime)}
        >
          {trans('By time')}
        </Button>
        <label className="jp-aml-Switch">
          {trans('Smooth')}
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            aria-label={trans('Smoothing')}
            onChange={event => setSmoothing(Number(event.target.value))}
          />
        </label>
      </div>
      <div className="jp-aml-Compare-curves">
        {drawings.map(({ name, drawing }) => (
          <Plot
            key={name}
            name={name}
            label={trans('%1 of %2 runs', name, drawing.curves.filter(one => !one.isFaint).length)}
            drawing={drawing}
            note=""
            xName={byTime ? trans('second') : undefined}
          />
        ))}
        <More steps={steps} />
      </div>
    </div>
  );
}

function drawn({ x, curves }: Overlay, { shown, strokes }: Compared, isSmooth: boolean): Drawing {
  const lines = shown.flatMap((run): Curve[] => {
    const curve = curves.get(run.runId);
    if (!curve) {
      return [];
    }
    const look = { ...strokes.get(run.runId), label: numbered(run) };
    const raw = isSmooth ? [{ ...look, y: curve.raw, isFaint: true }] : [];
    return [...raw, { ...look, y: curve.y }];
  });
  return { x, curves: lines };
}
