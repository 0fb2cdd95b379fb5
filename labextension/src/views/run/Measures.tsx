/** The numbers and curves at the front of a card. */

import * as React from 'react';
import { withWords } from '../../models/common/names';
import { measure } from '../../models/common/numbers';
import { byInterest, number } from '../../models/common/words';
import type { RunModel } from '../../models/run/run';
import type { WireRun } from '../../wire';
import { useTrans } from '../common/hooks';
import { later } from '../common/later';
import { FEW, More, Search, useSteps } from '../common/Steps';

const Chart = later(async () => (await import('../charts/Chart')).Chart);
const ChartBar = later(async () => (await import('../charts/Chart')).ChartBar);

const NUMBERS = 100;
const CHARTS = 24;

/** Last values at the left, curves at the right; of very many the first, and those searched. */
export function Measures({ model, run }: { model: RunModel; run: WireRun }): JSX.Element | null {
  const trans = useTrans();
  const [wanted, setWanted] = React.useState('');
  const metrics = lastValues(model, run);
  const names = React.useMemo(() => [...metrics.keys()].sort(byInterest), [model, metrics.size]);
  const curved = [...model.series.values()].filter(series => series.count > 1);
  // By name alone, so that no chart moves while the run goes on.
  const curves = React.useMemo(
    () => curved.map(series => series.name).sort(byInterest),
    [model, curved.length]
  );
  const found = React.useMemo(() => names.filter(withWords(wanted)), [names, wanted]);
  const drawn = React.useMemo(() => curves.filter(withWords(wanted)), [curves, wanted]);
  const numbers = useSteps(found, NUMBERS, wanted);
  const charts = useSteps(drawn, CHARTS, wanted);
  if (metrics.size === 0) {
    return null;
  }
  return (
    <div className={`jp-aml-Measures${curves.length > 0 ? ' jp-mod-curves' : ''}`}>
      <div className="jp-aml-Numbers" tabIndex={0}>
        {names.length > FEW && (
          <Search
            label={trans('Find metrics')}
            text={wanted}
            change={setWanted}
            found={found.length}
          />
        )}
        <table aria-label={trans('Last values')}>
          <tbody>
            {numbers.shown.map(name => (
              <LastValue key={name} name={name} value={metrics.get(name)} />
            ))}
          </tbody>
        </table>
        <More steps={numbers} />
      </div>
      {curves.length > 0 && (
        <div className="jp-aml-Curves">
          <ChartBar model={model}>
            <More steps={charts} />
          </ChartBar>
          <div className="jp-aml-Charts">
            {charts.shown.map(name => (
              <Chart key={name} model={model} series={model.series.get(name)!} />
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function lastValues(model: RunModel, run: WireRun): ReadonlyMap<string, unknown> {
  const metrics = new Map<string, unknown>(Object.entries(run.metrics));
  for (const series of model.series.values()) {
    metrics.set(series.name, series.last);
  }
  return metrics;
}

function LastValue({ name, value }: { name: string; value: unknown }): JSX.Element {
  return (
    <tr>
      <th scope="row" title={name}>
        {name}
      </th>
      <td className={isWords(value) ? 'jp-mod-words' : 'jp-mod-number'} title={String(value)}>
        {number(value)}
      </td>
    </tr>
  );
}

/** Whether a metric is words, which may be cut; a number never is. */
function isWords(value: unknown): boolean {
  return value !== null && measure(value) === null;
}
