/** The browser of a run's files or of its snapshot. */

import * as React from 'react';
import { size } from '../../models/common/words';
import type { Shelf } from '../../models/files/shelf';
import { closedAtFirst, rowsOf, treeOf } from '../../models/files/tree';
import type { Node } from '../../models/files/tree';
import { useTrans } from '../common/hooks';
import { Tree } from '../common/Tree';
import type { TreeRow } from '../common/Tree';
import { Preview } from './Preview';

interface BrowserProps {
  shelf: Shelf;
  label: string;
  /** Whether files can be read now. */
  isLive: boolean;
  /** What stands above the tree. */
  head?: React.ReactNode;
}

/** A tree of files at the left, and what is in the chosen one at the right. */
export function Browser({ shelf, label, isLive, head }: BrowserProps): JSX.Element {
  const trans = useTrans();
  const [chosen, setChosen] = React.useState<string | null>(null);
  const file = shelf.files.find(one => one.name === chosen);
  return (
    <div className="jp-aml-Browser">
      <div className="jp-aml-Browser-left">
        {head}
        <Files shelf={shelf} label={label} chosen={chosen} choose={setChosen} />
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

interface FilesProps {
  shelf: Shelf;
  label: string;
  chosen: string | null;
  choose(name: string): void;
}

/** Folders that open and close. */
function Files({ shelf, label, chosen, choose }: FilesProps): JSX.Element {
  const root = React.useMemo(() => treeOf(shelf.files), [shelf.files]);
  // What a user opened or closed goes before how it is at first.
  const [moved, setMoved] = React.useState<ReadonlyMap<string, boolean>>(new Map());
  const rows = React.useMemo(() => {
    const closed = closedAtFirst(root);
    for (const [path, isOpen] of moved) {
      if (isOpen) {
        closed.delete(path);
      } else {
        closed.add(path);
      }
    }
    return rowsOf(root, closed).map(node => rowOf(node, !closed.has(node.path)));
  }, [root, moved]);
  const toggle = ({ path }: FileRow, isOpen: boolean): void =>
    setMoved(known => new Map(known).set(path, isOpen));
  return (
    <Tree
      label={label}
      rows={rows}
      chosen={chosen}
      toggle={toggle}
      act={row => (row.isFolder ? toggle(row, !row.isOpen) : choose(row.path))}
    />
  );
}

interface FileRow extends TreeRow {
  path: string;
}

function rowOf(node: Node, isOpen: boolean): FileRow {
  const { path, name, depth, isFolder } = node;
  return {
    id: path + (isFolder ? '/' : ''),
    path,
    name,
    depth,
    isFolder,
    isOpen,
    number: isFolder ? node.count : size(node.size),
    tip: path
  };
}
