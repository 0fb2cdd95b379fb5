/** Long lists: the first of them, more on demand, and a field that finds the others by name. */

import * as React from 'react';
import { Button } from './Control';
import { useTrans } from './hooks';

/** Up to so many names are read at a glance, and need no search. */
export const FEW = 12;

export interface Steps<T> {
  shown: readonly T[];
  total: number;
  /** How many come next; 0 where all are shown. */
  next: number;
  more(): void;
}

/** The first of a list and, each time that more are wanted, a step further; `key` begins anew. */
export function useSteps<T>(all: readonly T[], step: number, key: string): Steps<T> {
  const [asked, ask] = React.useState({ key, count: step });
  const count = asked.key === key ? asked.count : step;
  return {
    shown: all.slice(0, count),
    total: all.length,
    next: Math.min(step, Math.max(0, all.length - count)),
    more: () => ask({ key, count: count + step })
  };
}

/** How much of a list is shown, and the button for more of it; nothing where that is all. */
export function More<T>({ steps }: { steps: Steps<T> }): JSX.Element | null {
  const trans = useTrans();
  return steps.next > 0 ? (
    <span className="jp-aml-More">
      {trans('%1 of %2', steps.shown.length, steps.total)}
      <Button className="jp-mod-small jp-mod-link" onClick={steps.more}>
        {trans('Show %1 more', steps.next)}
      </Button>
    </span>
  ) : null;
}

interface SearchProps {
  label: string;
  text: string;
  change(text: string): void;
  /** How many have the text in their names. */
  found: number;
}

/** The field above a long list of metrics, and what to read where it finds none. */
export function Search({ label, text, change, found }: SearchProps): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Search">
      <div className="jp-aml-Bar">
        <input
          type="search"
          placeholder={trans('Find metrics')}
          aria-label={label}
          value={text}
          onChange={event => change(event.target.value)}
        />
      </div>
      <div role="status">
        {found === 0 && (
          <p className="jp-aml-Empty">{trans('No metric has “%1” in its name.', text.trim())}</p>
        )}
      </div>
    </div>
  );
}
