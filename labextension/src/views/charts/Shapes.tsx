/** Pictures of how right a model is: matrices, accuracy, residuals and predictions. */

import * as React from 'react';
import {
  accuracyOf,
  accuracyTableOf,
  matrixOf,
  middles,
  normalised,
  precisionRecall,
  predictionsOf,
  residualsOf,
  roc,
  tableOf
} from '../../models/charts/shapes';
import type {
  AccuracyTable,
  Histogram,
  Matrix,
  Predictions,
  UnitCurve
} from '../../models/charts/shapes';
import { isFinite } from '../../models/common/numbers';
import { number } from '../../models/common/words';
import type { WireValue } from '../../wire';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Plot } from './Plot';
import type { Drawing } from './Plot';

const MOST_LABELS = 60;

/** The pictures of SDK v1 for what a model got right and wrong; several are chosen by a slider. */
export function Shape({ name, values }: { name: string; values: WireValue[] }): JSX.Element {
  const trans = useTrans();
  const [chosen, setChosen] = React.useState<number | null>(null);
  const at = Math.min(chosen ?? values.length - 1, values.length - 1);
  return (
    <>
      {values.length > 1 && (
        <label className="jp-aml-Switch">
          {trans('%1 of %2', at + 1, values.length)}
          <input
            type="range"
            min={0}
            max={values.length - 1}
            value={at}
            aria-label={trans('Which %1', name)}
            onChange={event => setChosen(Number(event.target.value))}
          />
        </label>
      )}
      <One name={name} value={values[at]} />
    </>
  );
}

function One({ name, value }: { name: string; value: WireValue }): JSX.Element {
  const trans = useTrans();
  const { kind, value: held } = value;
  const matrix = React.useMemo(() => (kind === 'confusion_matrix' ? matrixOf(held) : null), [held]);
  const table = React.useMemo(
    () => (kind === 'accuracy_table' ? accuracyTableOf(held) : null),
    [held]
  );
  const residuals = React.useMemo(() => (kind === 'residuals' ? residualsOf(held) : null), [held]);
  const predictions = React.useMemo(
    () => (kind === 'predictions' ? predictionsOf(held) : null),
    [held]
  );
  if (matrix) {
    return <MatrixView name={name} matrix={matrix} />;
  }
  if (table) {
    return <AccuracyView name={name} table={table} />;
  }
  if (residuals) {
    return <ResidualsView name={name} residuals={residuals} />;
  }
  if (predictions) {
    return <PredictionsView name={name} predictions={predictions} />;
  }
  return (
    <>
      <p className="jp-aml-Empty">{trans('This is not what SDK v1 draws as %1.', kind)}</p>
      <pre className="jp-aml-Traceback">{JSON.stringify(held, null, 1).slice(0, 10_000)}</pre>
    </>
  );
}

function MatrixView({ name, matrix }: { name: string; matrix: Matrix }): JSX.Element {
  const trans = useTrans();
  const [isShare, setShare] = React.useState(false);
  const labels = matrix.labels.slice(0, MOST_LABELS);
  const shares = React.useMemo(() => normalised(matrix.counts), [matrix]);
  const most = matrix.counts
    .flat()
    .filter(isFinite)
    .reduce((a, b) => Math.max(a, b), 0);
  const right = accuracyOf(matrix);
  const weight = (i: number, j: number): number => {
    const share = isShare ? shares[i][j] : most ? matrix.counts[i][j] / most : 0;
    return isFinite(share) ? share : 0;
  };
  const word = (i: number, j: number): string =>
    isShare ? `${(100 * shares[i][j]).toFixed(1)} %` : number(matrix.counts[i][j]);
  return (
    <>
      <div className="jp-aml-Values-bar">
        <Button className="jp-mod-small" aria-pressed={isShare} onClick={() => setShare(!isShare)}>
          {trans('Normalised')}
        </Button>
        {right !== null && <span>{trans('%1 % right', (100 * right).toFixed(1))}</span>}
      </div>
      <div
        className="jp-aml-Matrix"
        tabIndex={0}
        role="region"
        aria-label={trans('Confusion matrix %1', name)}
      >
        <table>
          <caption>{trans('Rows are what is true, columns what was predicted.')}</caption>
          <thead>
            <tr>
              <td />
              {labels.map((label, j) => (
                <th scope="col" key={j} title={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, i) => (
              <tr key={i}>
                <th scope="row" title={label}>
                  {label}
                </th>
                {labels.map((other, j) => (
                  <td
                    key={j}
                    className={weight(i, j) > 0.55 ? 'jp-mod-strong' : undefined}
                    style={{ '--jp-aml-weight': `${100 * weight(i, j)}%` } as React.CSSProperties}
                    title={trans(
                      '%1 taken for %2: %3 of %4',
                      label,
                      other,
                      number(matrix.counts[i][j]),
                      number(matrix.counts[i].reduce((a, b) => a + b, 0))
                    )}
                  >
                    {word(i, j)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {matrix.labels.length > MOST_LABELS && (
        <p>{trans('%1 more classes are not shown.', matrix.labels.length - MOST_LABELS)}</p>
      )}
    </>
  );
}

function AccuracyView({ name, table }: { name: string; table: AccuracyTable }): JSX.Element {
  const trans = useTrans();
  const [chosen, setChosen] = React.useState<number | null>(table.labels.length === 2 ? 1 : null);
  const rows = React.useMemo(() => tableOf(table, chosen), [table, chosen]);
  const [first, second] = React.useMemo(() => [roc(rows), precisionRecall(rows)], [rows]);
  return (
    <>
      <label className="jp-aml-Switch">
        {trans('Class')}
        <select
          aria-label={trans('Class of %1', name)}
          value={chosen ?? ''}
          onChange={event =>
            setChosen(event.target.value === '' ? null : Number(event.target.value))
          }
        >
          <option value="">{trans('all together')}</option>
          {table.labels.map((label, i) => (
            <option key={i} value={i}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <div className="jp-aml-Pair">
        <Plot
          name={trans('ROC')}
          label={trans('ROC of %1: area %2', name, number(first.area, 4))}
          note={trans('area %1', number(first.area, 4))}
          xName={trans('false positive rate')}
          drawing={unit(first, trans('true positive rate'), true)}
        />
        <Plot
          name={trans('Precision and recall')}
          label={trans('Precision over recall of %1: area %2', name, number(second.area, 4))}
          note={trans('area %1', number(second.area, 4))}
          xName={trans('recall')}
          drawing={unit(second, trans('precision'), false)}
        />
      </div>
    </>
  );
}

/** A curve in the unit square; `withChance` adds the line of those who guess. */
function unit({ x, y }: UnitCurve, label: string, withChance: boolean): Drawing {
  const chance = { label: '', y: x, isFaint: true, isDashed: true, colour: '#888888' };
  return { x, curves: [{ label, y }, ...(withChance ? [chance] : [])], isUnit: true };
}

function ResidualsView({ name, residuals }: { name: string; residuals: Histogram }): JSX.Element {
  const trans = useTrans();
  const drawing = React.useMemo(() => steps(residuals, trans('count')), [residuals]);
  return (
    <div className="jp-aml-Values-plot">
      <Plot
        name={trans('Residuals')}
        label={trans('Histogram of %1: %2 bins', name, residuals.counts.length)}
        note={trans('predicted minus true')}
        xName={trans('residual')}
        drawing={drawing}
      />
    </div>
  );
}

function steps({ edges, counts }: Histogram, label: string): Drawing {
  // A histogram may be open at its ends, and what is there has no place on an axis.
  const shown = edges.map((_, i) => i).filter(i => isFinite(edges[i]));
  const y = shown.map((at, i) => counts[i < shown.length - 1 ? at : at - 1]);
  return { x: shown.map(i => edges[i]), curves: [{ label, y, kind: 'steps' }] };
}

function PredictionsView({
  name,
  predictions
}: {
  name: string;
  predictions: Predictions;
}): JSX.Element {
  const trans = useTrans();
  const { averages, errors } = predictions;
  const x = middles(predictions);
  const [drawing, counts] = React.useMemo(
    (): [Drawing, Drawing] => [
      {
        x,
        curves: [
          { label: trans('predicted'), y: averages },
          { label: '', y: averages.map((y, i) => y + errors[i]), isFaint: true, bandTo: 2 },
          { label: '', y: averages.map((y, i) => y - errors[i]), isFaint: true },
          { label: '', y: x, isFaint: true, isDashed: true, colour: '#888888' }
        ]
      },
      steps(predictions, trans('count'))
    ],
    [predictions]
  );
  return (
    <div className="jp-aml-Pair">
      <Plot
        name={trans('Predicted and true')}
        label={trans('Predicted over true of %1: %2 bins', name, x.length)}
        note={trans('band: standard deviation')}
        xName={trans('true')}
        drawing={drawing}
      />
      <Plot
        name={trans('How many')}
        label={trans('Counts of %1: %2 bins', name, x.length)}
        xName={trans('true')}
        drawing={counts}
      />
    </div>
  );
}
