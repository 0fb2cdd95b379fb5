/** Names with what they stand for, one under the other. */

import * as React from 'react';

type Pair = [name: string, value: React.ReactNode];

/** Pairs; those with nothing to say are left out. */
export function Pairs({ pairs }: { pairs: Pair[] }): JSX.Element {
  return (
    <dl>
      {pairs
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

interface MappingProps {
  title: string;
  values: Record<string, unknown>;
}

/** What somebody has named, below a heading; nothing where nothing is named. */
export function Mapping({ title, values }: MappingProps): JSX.Element | null {
  const pairs = Object.entries(values).map(([name, value]): Pair => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value)
  ]);
  return pairs.length === 0 ? null : (
    <section aria-label={title}>
      <h4>{title}</h4>
      <Pairs pairs={pairs} />
    </section>
  );
}
