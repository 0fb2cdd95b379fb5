/** The browser of a run's files or of its snapshot. */

import * as React from 'react';
import { size } from '../../models/common/words';
import type { Shelf } from '../../models/files/shelf';
import { closedAtFirst, rowsOf, treeOf } from '../../models/files/tree';
import type { Node } from '../../models/files/tree';
import { useSize, useTrans } from '../common/hooks';
import { Preview } from './Preview';

const ROW = 24;
const MARGIN = 10;

interface BrowserProps {
  shelf: Shelf;
  label: string;
  /** Whether files can be read now. */
  isLive: boolean;
  /** What stands above the tree. */
  head?: React.ReactNode;
}

let made = 0;

/** A tree of files at the left, and what is in the chosen one at the right. */
export function Browser({ shelf, label, isLive, head }: BrowserProps): JSX.Element {
  const trans = useTrans();
  const [chosen, setChosen] = React.useState<string | null>(null);
  const file = shelf.files.find(one => one.name === chosen);
  return (
    <div className="jp-aml-Browser">
      <div className="jp-aml-Browser-left">
        {head}
        <Tree shelf={shelf} label={label} chosen={chosen} choose={setChosen} />
      </div>
      <div className="jp-aml-Browser-right">
        {file ? (
          <Preview key={file.name} file={file} shelf={shelf} isLive={isLive} />
        ) : (
          <p className="jp-aml-Empty">{trans('Choose a file to look into it.')}</p>
        )}
      </div>
    </div>
  );
}

interface TreeProps {
  shelf: Shelf;
  label: string;
  chosen: string | null;
  choose(name: string): void;
}

/** Folders that open and close, walked by the keys that trees have. */
function Tree({ shelf, label, chosen, choose }: TreeProps): JSX.Element {
  const [prefix] = React.useState(() => `jp-aml-tree-${++made}`);
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [at, setAt] = React.useState(0);
  const { height } = useSize(box);
  const root = React.useMemo(() => treeOf(shelf.files), [shelf.files]);
  // What a user opened or closed goes before how it is at first.
  const [moved, setMoved] = React.useState<ReadonlyMap<string, boolean>>(new Map());
  const rows = React.useMemo(() => {
    const closed = closedAtFirst(root);
    for (const [path, isClosed] of moved) {
      if (isClosed) {
        closed.add(path);
      } else {
        closed.delete(path);
      }
    }
    return rowsOf(root, closed).map(node => ({ node, isOpen: !closed.has(node.path) }));
  }, [root, moved]);

  const toggle = (node: Node, isClosed: boolean): void =>
    setMoved(known => new Map(known).set(node.path, isClosed));
  const go = (index: number): void => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    const node = box.current;
    setAt(to);
    if (node && to * ROW < node.scrollTop) {
      node.scrollTop = to * ROW;
    } else if (node && (to + 1) * ROW > node.scrollTop + node.clientHeight) {
      node.scrollTop = (to + 1) * ROW - node.clientHeight;
    }
  };
  const act = (index: number): void => {
    const row = rows[index];
    if (!row) {
      return;
    }
    setAt(index);
    if (row.node.isFolder) {
      toggle(row.node, row.isOpen);
    } else {
      choose(row.node.path);
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    const row = rows[at];
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => act(at),
      ' ': () => act(at),
      ArrowRight: () => (row?.node.isFolder && !row.isOpen ? toggle(row.node, false) : go(at + 1)),
      ArrowLeft: () =>
        row?.node.isFolder && row.isOpen ? toggle(row.node, true) : go(parentOf(rows, at))
    };
    if (keys[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    }
  };

  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const shown = rows.slice(first, first + Math.ceil(height / ROW) + 2 * MARGIN);
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
        {shown.map(({ node, isOpen }, i) => {
          const index = first + i;
          return (
            <div
              key={node.path + (node.isFolder ? '/' : '')}
              id={`${prefix}-${index}`}
              role="treeitem"
              aria-level={node.depth + 1}
              aria-expanded={node.isFolder ? isOpen : undefined}
              aria-selected={node.path === chosen}
              className={
                'jp-aml-FileTree-row' +
                (index === at ? ' jp-mod-focus' : '') +
                (node.path === chosen ? ' jp-mod-selected' : '')
              }
              style={{ top: index * ROW, paddingLeft: 4 + 14 * node.depth }}
              title={node.path}
              onClick={() => act(index)}
            >
              <span className="jp-aml-FileTree-mark" aria-hidden="true">
                {node.isFolder ? (isOpen ? '▾' : '▸') : ''}
              </span>
              <span className="jp-aml-FileTree-name">{node.name}</span>
              <span className="jp-aml-FileTree-size">
                {node.isFolder ? node.count : size(node.size)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function parentOf(rows: { node: Node }[], at: number): number {
  const depth = rows[at]?.node.depth ?? 0;
  for (let i = at - 1; i >= 0; i--) {
    if (rows[i].node.depth < depth) {
      return i;
    }
  }
  return at;
}
