/** Datastores as a tree; files that are dropped on it are sent there. */

import * as React from 'react';
import { size } from '../../models/common/words';
import { storeCode } from '../../models/data/stores';
import type { StoreNode, StoresModel } from '../../models/data/stores';
import { DataCommands } from '../../tokens';
import type { DragCode, RunCommand, Trans } from '../../tokens';
import { Button, Trouble } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Tree } from '../common/Tree';
import type { TreeRow } from '../common/Tree';
import { Uploads } from './Uploads';

export interface StoresTreeProps {
  stores: StoresModel;
  /** What is chosen in the tree. */
  chosen: StoreNode | null;
  choose(node: StoreNode): void;
  run: RunCommand;
  leave(): void;
  drag: DragCode;
}

interface StoreRow extends TreeRow {
  node: StoreNode;
}

export function StoresTree(props: StoresTreeProps): JSX.Element {
  const { stores, chosen, choose, run, leave, drag } = props;
  const trans = useTrans();
  const [over, drop] = useDrops(props);
  const rows = stores.nodes().map(node => rowOf(node, over, trans));
  const toggle = ({ node }: StoreRow, isOpen: boolean): void =>
    stores.toggle(node.store.name, node.path, isOpen);
  const act = (row: StoreRow): void => {
    const { kind, store, path } = row.node;
    if (kind === 'more') {
      void stores.more(store.name, path);
      return;
    }
    choose(row.node);
    if (row.isFolder) {
      toggle(row, !row.isOpen);
    }
  };
  return (
    <section className="jp-aml-Stores" aria-label={trans('Datastores')} {...drop}>
      <div className="jp-aml-Stores-head">
        <h3 className="jp-aml-Subheading">{trans('Datastores')}</h3>
        <Button
          className="jp-mod-small"
          title={trans('Upload files to what is chosen, or drop them on a folder')}
          onClick={() => run(DataCommands.upload)}
        >
          {trans('Upload…')}
        </Button>
      </div>
      {stores.problem !== null && (
        <Trouble
          text={stores.problem}
          label={trans('Try again')}
          mend={() => void stores.retry()}
        />
      )}
      <Tree
        label={trans('Datastores')}
        rows={rows}
        chosen={chosen === null ? null : idOf(chosen)}
        act={act}
        toggle={toggle}
        walk={({ node }) => choose(node)}
        leave={leave}
        drag={(event, { node }) => {
          if (node.kind !== 'more' && node.kind !== 'note') {
            drag(event, storeCode(node));
          }
        }}
      />
      <Uploads stores={stores} />
    </section>
  );
}

/** The row of a folder that files are dragged over, and what the section hears of it. */
function useDrops({ stores }: StoresTreeProps): [string | null, React.HTMLAttributes<HTMLElement>] {
  const [over, setOver] = React.useState<string | null>(null);
  const target = (event: React.DragEvent): StoreNode | null =>
    [...event.dataTransfer.types].includes('Files') ? placeAt(event.target, stores) : null;
  return [
    over,
    {
      onDragOver: event => {
        const node = target(event);
        setOver(node === null ? null : idOf(node));
        if (node) {
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
        }
      },
      onDragLeave: event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) {
          setOver(null);
        }
      },
      onDrop: event => {
        const node = target(event);
        setOver(null);
        if (node) {
          event.preventDefault();
          stores.send(node.store.name, node.path, [...event.dataTransfer.files]);
        }
      }
    }
  ];
}

/** The datastore or folder that an element stands for; that of a file is where it lies. */
export function placeAt(element: EventTarget | null, stores: StoresModel): StoreNode | null {
  const row = element instanceof Element ? element.closest<HTMLElement>('[data-id]') : null;
  const node = row && stores.nodes().find(one => idOf(one) === row.dataset.id);
  return node ? folderOf(node, stores) : null;
}

/** Where a file is sent that is dropped on the node; null where none can be. */
export function folderOf(node: StoreNode, stores: StoresModel): StoreNode | null {
  if (node.store.isDatabase) {
    return null;
  }
  if (node.kind === 'store' || node.kind === 'folder') {
    return node;
  }
  const path = node.kind === 'file' ? node.path.split('/').slice(0, -1).join('/') : node.path;
  const isFolder = (one: StoreNode): boolean => one.kind === 'store' || one.kind === 'folder';
  const nodes = stores.nodes().filter(one => one.store.name === node.store.name);
  return nodes.find(one => isFolder(one) && one.path === path) ?? null;
}

function idOf({ kind, store, path }: StoreNode): string {
  return `${kind} ${store.name}/${path}`;
}

function rowOf(node: StoreNode, over: string | null, trans: Trans): StoreRow {
  const { kind, store, path, depth, isOpen } = node;
  const isFolder = (kind === 'store' && !store.isDatabase) || kind === 'folder';
  const id = idOf(node);
  const marks = [
    `jp-aml-Store-${kind}`,
    kind === 'store' && !store.builtIn ? 'jp-mod-own' : '',
    id === over ? 'jp-mod-over' : ''
  ];
  return {
    node,
    id,
    name: nameOf(node, trans),
    depth,
    isFolder,
    isOpen,
    number: kind === 'store' ? tellOf(node, trans) : node.size === null ? '' : size(node.size),
    tip: kind === 'store' ? [store.name, store.kind, store.url].filter(Boolean).join('\n') : path,
    className: marks.filter(mark => mark).join(' ')
  };
}

function nameOf({ kind, name }: StoreNode, trans: Trans): string {
  if (kind === 'more') {
    return trans('Show more');
  }
  return kind === 'note' ? (name === '' ? trans('Nothing is here yet') : name) : name;
}

function tellOf({ store }: StoreNode, trans: Trans): string {
  const kind = store.builtIn ? '' : store.kind;
  return [store.isDefault ? trans('default') : '', kind].filter(part => part).join(' · ');
}
