/** What the columns of a data set hold, each as a small drawing. */

import * as React from 'react';
import { factsOf, rangeOf, shapeOf } from '../../models/data/profile';
import type { Bar } from '../../models/data/profile';
import type { WireColumnProfile } from '../../wire';
import { useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { More, useSteps } from '../common/Steps';
import { Waited } from '../common/Waited';
import type { DatasetPartProps } from './DatasetView';

const [WIDTH, HEIGHT] = [208, 56];
const MOST_TOP = 5;
const AT_FIRST = 60;

export function ProfilePane({ model, one }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, wanted } = model;
  const asked = useAsked(() => rest.datasetProfile(wanted), `${one.name}:${one.version}`);
  const [text, setText] = React.useState('');
  const needle = text.trim().toLowerCase();
  const found = (asked.value?.columns ?? []).filter(({ name }) =>
    name.toLowerCase().includes(needle)
  );
  const steps = useSteps(found, AT_FIRST, needle);
  if (!asked.value) {
    return <Waited asked={asked} words={trans('Reading the data')} />;
  }
  const { rows, whole, columns, warnings } = asked.value;
  return (
    <>
      <div className="jp-aml-Bar">
        <input
          type="search"
          placeholder={trans('Filter the columns')}
          aria-label={trans('Filter the columns')}
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <span role="status">{needle ? trans('%1 of %2', found.length, columns.length) : ''}</span>
        <span className="jp-aml-Bar-gap" />
        <span>{whole ? trans('%1 rows', rows) : trans('of the first %1 rows', rows)}</span>
        <More steps={steps} />
      </div>
      <div className="jp-aml-Scroll">
        {warnings.map((warning, i) => (
          <p key={i} className="jp-aml-Warning">
            ⚠ {warning}
          </p>
        ))}
        <ul className="jp-aml-Profile">
          {steps.shown.map(column => (
            <Column key={column.name} column={column} />
          ))}
        </ul>
      </div>
    </>
  );
}

function Column({ column }: { column: WireColumnProfile }): JSX.Element {
  const trans = useTrans();
  const { kind, bars } = shapeOf(column);
  const range = rangeOf(column);
  return (
    <li>
      <h4 title={column.name}>
        {column.name} <span className="jp-aml-Profile-type">{column.type}</span>
      </h4>
      {kind === 'spread' ? (
        <Spread name={column.name} bars={bars} range={range} />
      ) : kind === 'top' ? (
        <Top bars={bars} />
      ) : (
        <p className="jp-aml-Profile-none">{trans('no value')}</p>
      )}
      <p className="jp-aml-Profile-facts">{factsOf(column, trans).join(' · ')}</p>
    </li>
  );
}

interface SpreadProps {
  name: string;
  bars: Bar[];
  range: [string, string] | null;
}

/** How numbers or times are spread, from the lowest to the highest. */
function Spread({ name, bars, range }: SpreadProps): JSX.Element {
  const trans = useTrans();
  const step = WIDTH / bars.length;
  const label = range
    ? trans('Histogram of %1, from %2 to %3', name, ...range)
    : trans('Histogram of %1', name);
  return (
    <>
      <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
        {bars.map(({ share, label: span, count }, i) => {
          // What is there at all is seen.
          const height = count === 0 ? 0 : Math.max(1, share * (HEIGHT - 1));
          return (
            <rect
              key={i}
              x={i * step}
              y={HEIGHT - height}
              width={Math.max(1, step - 1)}
              height={height}
            >
              <title>{`${span}: ${count}`}</title>
            </rect>
          );
        })}
      </svg>
      <p className="jp-aml-Profile-range">
        <span>{range?.[0]}</span>
        <span>{range?.[1]}</span>
      </p>
    </>
  );
}

/** The values that are there most often. */
function Top({ bars }: { bars: Bar[] }): JSX.Element {
  const trans = useTrans();
  return (
    <table className="jp-aml-Profile-top" aria-label={trans('Most frequent values')}>
      <tbody>
        {bars.slice(0, MOST_TOP).map(({ label, count, share }, i) => (
          <tr key={i}>
            <th scope="row" title={label}>
              {label === '' ? trans('(empty)') : label}
            </th>
            <td>
              <span style={{ width: `${100 * share}%` }} aria-hidden="true" />
              {count}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
