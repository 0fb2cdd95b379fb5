/** A part of a list that folds up to its heading. */

import * as React from 'react';

interface FoldProps {
  title: string;
  count: number;
  isOpen: boolean;
  toggle(): void;
  children: React.ReactNode;
}

export function Fold({ title, count, isOpen, toggle, children }: FoldProps): JSX.Element {
  return (
    <section className="jp-aml-Fold" aria-label={title}>
      <h3>
        <button type="button" aria-expanded={isOpen} onClick={toggle}>
          <span className="jp-aml-RunGroup-arrow" aria-hidden="true">
            {isOpen ? '▾' : '▸'}
          </span>
          {title}
          <span className="jp-aml-Badge">{count}</span>
        </button>
      </h3>
      {isOpen && children}
    </section>
  );
}
