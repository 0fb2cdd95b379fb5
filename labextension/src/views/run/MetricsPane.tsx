/** The pane of everything that a run measured. */

import * as React from 'react';
import { withWords } from '../../models/common/names';
import { number } from '../../models/common/words';
import type { RunModel } from '../../models/run/run';
import { useSignal, useTrans } from '../common/hooks';
import { FEW, More, Search, useSteps } from '../common/Steps';
import { Values } from './Values';

const ROWS = 100;
const VALUES = 24;

/** Every metric with its range, and the values that are not numbers. */
export function MetricsPane({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  useSignal(model.measured, 250);
  const [wanted, setWanted] = React.useState('');
  const last = model.run?.metrics ?? {};
  const single = Object.keys(last).filter(name => !model.series.has(name));
  const numbers = [...model.series.keys(), ...single].filter(withWords(wanted));
  const others = [...model.values.keys()].filter(withWords(wanted));
  const rows = useSteps(numbers, ROWS, wanted);
  const values = useSteps(others, VALUES, wanted);
  const total = single.length + model.series.size + model.values.size;
  if (total === 0) {
    return (
      <p className="jp-aml-Empty">
        {trans("No metric was logged yet. run.log('loss', value) draws a curve here.")}
      </p>
    );
  }
  return (
    <div className="jp-aml-Scroll">
      {total > FEW && (
        <Search
          label={trans('Find in the table')}
          text={wanted}
          change={setWanted}
          found={numbers.length + others.length}
        />
      )}
      <table className="jp-aml-Table">
        <thead>
          <tr>
            <th scope="col">{trans('Metric')}</th>
            {[trans('Last'), trans('Lowest'), trans('Highest'), trans('Points')].map(head => (
              <th scope="col" className="jp-mod-number" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.shown.map(name => (
            <Row key={name} name={name} cells={cellsOf(model, name)} />
          ))}
        </tbody>
      </table>
      <More steps={rows} />
      {values.shown.map(name => (
        <Values key={name} name={name} values={model.values.get(name)!} />
      ))}
      <More steps={values} />
    </div>
  );
}

function cellsOf({ series, run }: RunModel, name: string): unknown[] {
  const one = series.get(name);
  return one
    ? [one.last, lowest(one.y), highest(one.y), one.count]
    : [run?.metrics[name], undefined, undefined, undefined];
}

function Row({ name, cells }: { name: string; cells: unknown[] }): JSX.Element {
  return (
    <tr>
      <th scope="row">{name}</th>
      {cells.map((cell, i) => (
        <td key={i} className="jp-mod-number">
          {cell === undefined ? '' : number(cell)}
        </td>
      ))}
    </tr>
  );
}

function lowest(y: (number | null)[]): number | null {
  return y.reduce(
    (low, value) => (value !== null && (low === null || value < low) ? value : low),
    null
  );
}

function highest(y: (number | null)[]): number | null {
  return y.reduce(
    (high, value) => (value !== null && (high === null || value > high) ? value : high),
    null
  );
}
