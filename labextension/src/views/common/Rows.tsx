/** Short lists of the sidebar, which the mouse and the keys walk. */

import * as React from 'react';

/** One row of a short list: a state and a name, and below them what else is to be known. */
export interface RowItem {
  id: string;
  glyph: string;
  tone: string;
  /** The state as a word, for those who do not see the glyph. */
  word: string;
  state: string;
  name: string;
  /** Stands behind the name, quietly. */
  detail?: string;
  /** Stands at the right, one under the other. */
  number?: string;
  note: string;
  isBad?: boolean;
  tip: string;
  className?: string;
  actions?: React.ReactNode;
}

interface RowsProps {
  label: string;
  rows: RowItem[];
  selected: string | null;
  select(id: string): void;
  open?(id: string): void;
  remove?(id: string): void;
  /** Begins to drag what the row stands for. */
  drag?(event: React.DragEvent, id: string): void;
  leave(): void;
}

let made = 0;

/** A list of rows of one height that the keyboard walks. */
export function Rows(props: RowsProps): JSX.Element {
  const { rows, selected } = props;
  const [prefix] = React.useState(() => `jp-aml-rows-${++made}`);
  const box = React.useRef<HTMLUListElement>(null);
  const at = Math.max(
    0,
    rows.findIndex(row => row.id === selected)
  );
  const go = (index: number): void => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    if (rows[to]) {
      props.select(rows[to].id);
      box.current?.children[to]?.scrollIntoView({ block: 'nearest' });
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    const isOnList = event.target === event.currentTarget;
    if (isOnList && act(event.key, props, rows[at], at, go)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <ul
      className="jp-aml-Rows"
      ref={box}
      role="listbox"
      aria-label={props.label}
      aria-activedescendant={rows[at] ? `${prefix}-${rows[at].id}` : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      {rows.map((row, index) => (
        <li
          key={row.id}
          id={`${prefix}-${row.id}`}
          className={
            `jp-aml-Row ${row.className ?? ''}` +
            (row.id === selected ? ' jp-mod-selected' : '') +
            (index === at ? ' jp-mod-focus' : '')
          }
          role="option"
          aria-selected={row.id === selected}
          data-id={row.id}
          data-state={row.state}
          title={row.tip}
          onClick={() => props.select(row.id)}
          onContextMenu={() => props.select(row.id)}
          draggable={props.drag !== undefined}
          onDragStart={event => {
            event.preventDefault();
            props.drag?.(event, row.id);
          }}
          onDoubleClick={() => props.open?.(row.id)}
        >
          <span
            className={`jp-aml-State-glyph jp-mod-${row.tone}`}
            data-status={row.state}
            aria-hidden="true"
          >
            {row.glyph}
          </span>
          <span className="jp-aml-Hidden">{row.word}</span>
          <span className="jp-aml-Row-name">
            <span>{row.name}</span>
            {row.detail && <span className="jp-aml-Row-detail">{row.detail}</span>}
          </span>
          <span className="jp-aml-Row-number">{row.number}</span>
          <span className={`jp-aml-Row-note${row.isBad ? ' jp-mod-bad' : ''}`}>{row.note}</span>
          {row.actions && (
            <span className="jp-aml-Row-actions" onDoubleClick={event => event.stopPropagation()}>
              {row.actions}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What a key does; false leaves it to the page. */
function act(
  key: string,
  props: RowsProps,
  row: RowItem | undefined,
  at: number,
  go: (index: number) => void
): boolean {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[key];
  if (step !== undefined) {
    go(row && props.selected !== row.id && step === 1 ? at : at + step);
    return true;
  }
  if (key === 'Escape') {
    props.leave();
    return true;
  }
  if (row && key === 'Enter' && props.open) {
    props.open(row.id);
    return true;
  }
  if (row && key === 'Delete' && props.remove) {
    props.remove(row.id);
    return true;
  }
  return false;
}
