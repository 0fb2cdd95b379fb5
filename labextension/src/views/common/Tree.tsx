/** Trees of any length, with the rows in sight alone in the page. */

import * as React from 'react';
import { useSize } from './hooks';

const ROW = 24;
const MARGIN = 10;

/** One row of a tree, as it is seen. */
export interface TreeRow {
  /** Tells it from all others. */
  id: string;
  name: string;
  depth: number;
  /** Whether it opens and closes. */
  isFolder: boolean;
  isOpen: boolean;
  /** Stands before the name. */
  mark?: React.ReactNode;
  /** Stands behind the name, quietly. */
  detail?: string;
  /** Stands at the right. */
  number: React.ReactNode;
  tip: string;
  className?: string;
}

interface TreeProps<T extends TreeRow> {
  label: string;
  rows: T[];
  chosen: string | null;
  /** What a press does, and Enter. */
  act(row: T): void;
  toggle(row: T, isOpen: boolean): void;
  /** What a double click does, and Enter in the place of `act`. */
  open?(row: T): void;
  /** The row that the keys stand on has changed. */
  walk?(row: T): void;
  leave?(): void;
  remove?(row: T): void;
  /** Begins to drag what the row stands for. */
  drag?(event: React.DragEvent, row: T): void;
}

let made = 0;

/** Rows that open and close, walked by the keys that trees have. */
export function Tree<T extends TreeRow>(props: TreeProps<T>): JSX.Element {
  const { label, rows, chosen, act, toggle } = props;
  const [prefix] = React.useState(() => `jp-aml-tree-${++made}`);
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [at, setAt] = React.useState(0);
  const { height } = useSize(box);
  const go = (index: number): void => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setAt(to);
    reveal(box.current, to);
    if (rows[to]) {
      props.walk?.(rows[to]);
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const key = keysOf(props, at, page, go)[event.key];
    if (key) {
      event.preventDefault();
      event.stopPropagation();
      key();
    }
  };
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const last = first + Math.ceil(height / ROW) + 2 * MARGIN;
  return (
    <div
      className="jp-aml-FileTree"
      ref={box}
      role="tree"
      aria-label={label}
      aria-activedescendant={rows[at] ? `${prefix}-${at}` : undefined}
      tabIndex={0}
      onKeyDown={press}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <div role="presentation" style={{ height: rows.length * ROW, position: 'relative' }}>
        {rows.slice(first, last).map((row, i) => {
          const index = first + i;
          return (
            <div
              key={row.id}
              id={`${prefix}-${index}`}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-expanded={row.isFolder ? row.isOpen : undefined}
              aria-selected={row.id === chosen}
              className={classOf(row, index === at, row.id === chosen)}
              style={{ top: index * ROW, paddingLeft: 4 + 14 * row.depth }}
              title={row.tip}
              data-id={row.id}
              draggable={props.drag !== undefined}
              onDragStart={event => {
                event.preventDefault();
                props.drag?.(event, row);
              }}
              onContextMenu={() => {
                setAt(index);
                props.walk?.(row);
              }}
              onClick={() => {
                setAt(index);
                act(row);
              }}
              onDoubleClick={() => props.open?.(row)}
            >
              <span
                className="jp-aml-FileTree-mark"
                aria-hidden="true"
                onClick={event => {
                  if (row.isFolder) {
                    event.stopPropagation();
                    toggle(row, !row.isOpen);
                  }
                }}
              >
                {row.isFolder ? (row.isOpen ? '▾' : '▸') : ''}
              </span>
              {row.mark}
              <span className="jp-aml-FileTree-name">
                {row.name}{' '}
                {row.detail && <span className="jp-aml-FileTree-detail">{row.detail}</span>}
              </span>
              <span className="jp-aml-FileTree-size">{row.number}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function classOf(row: TreeRow, isFocus: boolean, isChosen: boolean): string {
  const marks = `${isFocus ? ' jp-mod-focus' : ''}${isChosen ? ' jp-mod-selected' : ''}`;
  return `jp-aml-FileTree-row ${row.className ?? ''}${marks}`;
}

/** Scroll so that the row is in sight. */
function reveal(node: HTMLElement | null, index: number): void {
  if (node && index * ROW < node.scrollTop) {
    node.scrollTop = index * ROW;
  } else if (node && (index + 1) * ROW > node.scrollTop + node.clientHeight) {
    node.scrollTop = (index + 1) * ROW - node.clientHeight;
  }
}

/** What the keys do. */
function keysOf<T extends TreeRow>(
  { rows, act, toggle, open, leave, remove }: TreeProps<T>,
  at: number,
  page: number,
  go: (index: number) => void
): Record<string, (() => void) | undefined> {
  const row = rows[at];
  const enter = (): void => row && act(row);
  return {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    PageDown: () => go(at + page),
    PageUp: () => go(at - page),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    Enter: open && row ? () => open(row) : enter,
    ' ': enter,
    ArrowRight: () => (row?.isFolder && !row.isOpen ? toggle(row, true) : go(at + 1)),
    ArrowLeft: () => (row?.isFolder && row.isOpen ? toggle(row, false) : go(parentOf(rows, at))),
    Escape: leave,
    Delete: remove && row ? () => remove(row) : undefined
  };
}

function parentOf(rows: TreeRow[], at: number): number {
  const depth = rows[at]?.depth ?? 0;
  for (let i = at - 1; i >= 0; i--) {
    if (rows[i].depth < depth) {
      return i;
    }
  }
  return at;
}
