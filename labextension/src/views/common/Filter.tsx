/** The bar above a list: words that rows must have, how many there are, and what can be begun. */

import * as React from 'react';
import { Button } from './Control';
import { useTrans } from './hooks';

interface FilterProps {
  label: string;
  text: string;
  change(text: string): void;
  /** How many there are in all; null while nobody knows. */
  total: number | null;
  children?: React.ReactNode;
}

export function Filter({ label, text, change, total, children }: FilterProps): JSX.Element {
  const trans = useTrans();
  const press = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'ArrowDown' || event.key === 'Escape') {
      const panel = event.currentTarget.closest('[role=tabpanel]');
      panel?.querySelector<HTMLElement>('[role=listbox], [role=tree]')?.focus();
    }
  };
  return (
    <div className="jp-aml-Bar">
      <input
        type="search"
        className="jp-aml-Filter"
        placeholder={trans('Filter')}
        aria-label={label}
        value={text}
        onChange={event => change(event.target.value)}
        onKeyDown={press}
      />
      <span className="jp-aml-Total" role="status" title={trans('in all')}>
        {total ?? ''}
      </span>
      {children}
    </div>
  );
}

/** What stands below a filter that no row fits. */
export function NoneLikeThat({ words, clear }: { words: string; clear(): void }): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Empty">
      <p>{words}</p>
      <Button onClick={clear}>{trans('Clear the filter')}</Button>
    </div>
  );
}
