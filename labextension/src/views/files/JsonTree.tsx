/** JSON files as trees. */

import * as React from 'react';
import { visible } from '../../models/common/visible';
import { Code } from '../common/Code';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';

const MOST_CHILDREN = 200;
const OPEN_DEPTH = 2;

/** A JSON document whose parts open and close; text where it is no JSON. */
export function JsonTree({ text, name }: { text: string; name: string }): JSX.Element {
  const value = React.useMemo(() => {
    try {
      return { held: JSON.parse(text) as unknown };
    } catch {
      return null;
    }
  }, [text]);
  return value ? (
    <div className="jp-aml-Preview-body jp-aml-Json" tabIndex={0} role="region" aria-label={name}>
      <Part name={null} value={value.held} depth={0} />
    </div>
  ) : (
    <Code text={text} label={name} />
  );
}

interface PartProps {
  name: string | null;
  value: unknown;
  depth: number;
}

function Part({ name, value, depth }: PartProps): JSX.Element {
  const trans = useTrans();
  const [isOpen, setOpen] = React.useState(depth < OPEN_DEPTH);
  const [most, setMost] = React.useState(MOST_CHILDREN);
  const label = name === null ? null : <span className="jp-aml-Json-name">{visible(name)}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <div>
        {label}
        <span className={`jp-aml-Json-${value === null ? 'null' : typeof value}`}>
          {visible(JSON.stringify(value))}
        </span>
      </div>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const count = isList ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        <span className="jp-aml-Json-count">{count}</span>
      </summary>
      {isOpen &&
        entries
          .slice(0, most)
          .map(([key, one]) => <Part key={key} name={key} value={one} depth={depth + 1} />)}
      {isOpen && entries.length > most && (
        <Button className="jp-mod-small" onClick={() => setMost(most + MOST_CHILDREN)}>
          {trans('%1 more', entries.length - most)}
        </Button>
      )}
    </details>
  );
}
