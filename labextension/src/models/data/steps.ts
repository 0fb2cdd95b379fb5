/** The steps of a data set in words. */

import type { Trans } from '../../tokens';

export type Step = Record<string, unknown>;

/** What a step does, in a few words. */
export function stepWords(step: Step, trans: Trans): string {
  const columns = Array.isArray(step.columns) ? step.columns.join(', ') : '';
  switch (step.do) {
    case 'read':
      return readWords(step, trans);
    case 'keep':
      return trans('keep the columns %1', columns);
    case 'drop':
      return trans('drop the columns %1', columns);
    case 'filter':
      return trans('keep what fits %1', JSON.stringify(step.where));
    case 'skip':
      return trans('skip the first %1', Number(step.count));
    case 'take':
      return trans('take the first %1', Number(step.count));
    case 'sample':
      return trans('take a sample of %1', percent(step.probability));
    case 'split':
      return trans('take the part from %1 to %2', percent(step.from), percent(step.to));
    case 'timestamps':
      return trans('times stand in %1', [step.fine, step.coarse].filter(Boolean).join(', '));
    default:
      return JSON.stringify(step);
  }
}

function readWords(step: Step, trans: Trans): string {
  const words = {
    files: trans('files as they are'),
    delimited: trans('texts with separators'),
    parquet: trans('Parquet files'),
    lines: trans('a JSON object a line'),
    sql: trans('a query')
  }[String(step.form)];
  const more = Object.entries(step)
    .filter(([name, value]) => name !== 'do' && name !== 'form' && value !== null)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [words ?? String(step.form), ...more].join(' · ');
}

function percent(share: unknown): string {
  return `${Math.round(1000 * Number(share)) / 10} %`;
}
