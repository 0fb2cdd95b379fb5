/** What the pages of registered things have in common: what stands there until there is one. */

import * as React from 'react';
import type { Loaded } from '../../models/common/loaded';
import type { Trans } from '../../tokens';
import { Trouble } from './Control';
import { TransContext } from './hooks';

export interface PageFrameProps<T> {
  model: Loaded;
  /** What is shown; null while it is not there. */
  one: T | null;
  label: string;
  className: string;
  loading: string;
  state?: string;
  trans: Trans;
  children(one: T): React.ReactNode;
}

/** The thing, or why it is not there, or that it is on its way. */
export function PageFrame<T>(props: PageFrameProps<T>): JSX.Element {
  const { model, one, label, className, loading, state, trans, children } = props;
  return (
    <TransContext.Provider value={trans}>
      <article
        className={`jp-aml-Card jp-mod-page ${className}`}
        aria-label={label}
        data-state={state}
      >
        {one ? children(one) : <Absent model={model} loading={loading} trans={trans} />}
      </article>
    </TransContext.Provider>
  );
}

/** Why what a model loads is not there, or that it is on its way. */
export function Absent(props: { model: Loaded; loading: string; trans: Trans }): JSX.Element {
  const { model, loading, trans } = props;
  return model.problem ? (
    <Trouble text={model.problem} label={trans('Try again')} mend={() => void model.retry()} />
  ) : (
    <p className="jp-aml-Empty">{loading}</p>
  );
}
