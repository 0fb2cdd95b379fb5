/** The parameters of a notebook as a form has them. */

import { typed } from '../../models/submit/submitting';
import type { Parameter } from '../../models/submit/submitting';
import type { Trans } from '../../tokens';
import type { Answer, Part } from '../common/form';

export function parameterParts(parameters: readonly Parameter[], trans: Trans): Part[] {
  if (parameters.length === 0) {
    return [{ remark: trans('No parameters: give a cell that sets some the tag “parameters”.') }];
  }
  const fields = parameters.map(({ name, text, note }) => ({
    name: fieldOf(name),
    label: name,
    value: text,
    note
  }));
  return [{ heading: trans('Parameters') }, ...fields];
}

/** The parameters whose values are known: those of the cell, and what was typed instead. */
export function given(parameters: readonly Parameter[], answer: Answer): Record<string, unknown> {
  const values = parameters.flatMap(({ name, text }): [string, unknown][] => {
    const said = answer.get(fieldOf(name)) ?? text;
    const value = typed(said);
    // What the cell computes is left to the cell.
    return said === text && value === text ? [] : [[name, value]];
  });
  return Object.fromEntries(values);
}

function fieldOf(parameter: string): string {
  return `parameter ${parameter}`;
}
