/** The datastores of a workspace as a tree, whose folders are listed when they are opened. */

import type { IServer } from '../../tokens';
import type { WireDatastore, WireStoreFile, WireStoreFolder } from '../../wire';
import { quoted, RegisteredList } from '../common/registered';
import { Upload } from './upload';

/** What is known of a folder. */
interface Folder {
  folders: string[];
  files: WireStoreFile[];
  /** From where there is more; null where this is all. */
  next: string | null;
  problem: string | null;
  isLoading: boolean;
}

/** One row of the tree: a datastore, a folder, a file, or a word about a folder. */
export interface StoreNode {
  kind: 'store' | 'folder' | 'file' | 'more' | 'note';
  store: WireDatastore;
  /** Within the datastore; of a datastore itself it is empty. */
  path: string;
  name: string;
  depth: number;
  isOpen: boolean;
  size: number | null;
}

/** So many files are on their way at once; the others wait. */
const AT_ONCE = 2;

export class StoresModel extends RegisteredList<WireDatastore> {
  constructor(live: IServer) {
    super(live, 'datastore');
  }

  uploads: Upload[] = [];

  /** The rows that are seen, from top to bottom. */
  nodes(): StoreNode[] {
    return this.rows.flatMap(store =>
      [nodeOf('store', store, ''), ...this.below(store, '', 1)].map(node => ({
        ...node,
        isOpen: this.isOpen(node.store.name, node.path)
      }))
    );
  }

  isOpen(store: string, path: string): boolean {
    return this.open.has(keyOf(store, path));
  }

  /** Open a folder, and look what is in it, or close it. */
  toggle(store: string, path: string, isOpen: boolean): void {
    const key = keyOf(store, path);
    if (isOpen) {
      this.open.add(key);
      void this.lookInto(store, path);
    } else {
      this.open.delete(key);
      this.folders.delete(key);
    }
    this.changed.emit();
  }

  /** Look at the next part of a long folder. */
  more(store: string, path: string): Promise<void> {
    return this.lookInto(store, path, this.folders.get(keyOf(store, path))?.next ?? null);
  }

  override aim(workspace: string): boolean {
    const isOther = super.aim(workspace);
    if (isOther) {
      this.open.clear();
      this.folders.clear();
    }
    return isOther;
  }

  override async refresh(): Promise<void> {
    await super.refresh();
    await Promise.all([...this.open].map(key => this.lookInto(...placeOf(key))));
  }

  /** Send files to a folder of a datastore. */
  send(store: string, folder: string, files: readonly File[]): void {
    const { workspace } = this;
    for (const file of files) {
      const name = file.webkitRelativePath || file.name;
      const path = folder ? `${folder}/${name}` : name;
      const upload = new Upload({ workspace, store, path }, file, this.live.rest);
      upload.changed.subscribe(() => this.follow(upload));
      this.uploads = [...this.uploads, upload];
    }
    if (files.length > 0) {
      this.toggle(store, folder, true);
    }
    this.next();
  }

  /** Send it again, over whatever has its name. */
  replace(upload: Upload): void {
    void upload.send(true);
  }

  /** Take an upload from the list; one that is underway ends. */
  dismiss(upload: Upload): void {
    upload.stop();
    this.uploads = this.uploads.filter(one => one !== upload);
    this.next();
    this.changed.emit();
  }

  protected async list(): Promise<WireDatastore[]> {
    return this.live.rest.datastores(this.workspace);
  }

  private below(store: WireDatastore, path: string, depth: number): StoreNode[] {
    const folder = this.folders.get(keyOf(store.name, path));
    if (!folder || !this.isOpen(store.name, path)) {
      return [];
    }
    const at = (name: string): string => (path ? `${path}/${name}` : name);
    const nodes = folder.folders.flatMap(name => [
      nodeOf('folder', store, at(name), depth),
      ...this.below(store, at(name), depth + 1)
    ]);
    nodes.push(
      ...folder.files.map(({ name, size }) => ({ ...nodeOf('file', store, at(name), depth), size }))
    );
    const note = folder.problem ?? (folder.isLoading ? '…' : nodes.length === 0 ? '' : null);
    if (note !== null) {
      nodes.push({ ...nodeOf('note', store, path, depth), name: note });
    } else if (folder.next !== null) {
      nodes.push(nodeOf('more', store, path, depth));
    }
    return nodes;
  }

  private async lookInto(store: string, path: string, after: string | null = null): Promise<void> {
    const { workspace } = this;
    const key = keyOf(store, path);
    const known = this.folders.get(key) ?? NOTHING;
    this.folders.set(key, { ...known, isLoading: true, problem: null });
    this.changed.emit();
    const isWanted = (): boolean => this.workspace === workspace && this.open.has(key);
    try {
      const found = await this.live.rest.storeFolder({ workspace, store, path }, after);
      if (isWanted()) {
        this.folders.set(key, joined(after === null ? NOTHING : known, found));
      }
    } catch (error) {
      if (isWanted()) {
        this.folders.set(key, { ...known, isLoading: false, problem: (error as Error).message });
      }
    }
    this.changed.emit();
  }

  private follow(upload: Upload): void {
    if (upload.state === 'done') {
      const { store, path } = upload.place;
      void this.lookInto(store, path.split('/').slice(0, -1).join('/'));
    }
    if (!upload.isUnderway) {
      this.next();
    }
    this.changed.emit();
  }

  private next(): void {
    const sending = this.uploads.filter(one => one.state === 'sending').length;
    const waiting = this.uploads.filter(one => one.state === 'waiting');
    waiting.slice(0, Math.max(0, AT_ONCE - sending)).forEach(one => void one.send());
  }

  private readonly open = new Set<string>();
  private readonly folders = new Map<string, Folder>();
}

const NOTHING: Folder = { folders: [], files: [], next: null, problem: null, isLoading: false };

function joined(known: Folder, found: WireStoreFolder): Folder {
  return {
    folders: [...known.folders, ...found.folders],
    files: [...known.files, ...found.files],
    next: found.next,
    problem: null,
    isLoading: false
  };
}

function nodeOf(kind: StoreNode['kind'], store: WireDatastore, path: string, depth = 0): StoreNode {
  const name = kind === 'store' ? store.name : (path.split('/').at(-1) ?? '');
  return { kind, store, path, name, depth, isOpen: false, size: null };
}

/** No name of a datastore has a slash. */
function keyOf(store: string, path: string): string {
  return `${store}/${path}`;
}

function placeOf(key: string): [store: string, path: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** The code that gets a datastore, or what lies on it. */
export function storeCode({ kind, store, path }: StoreNode): string {
  const lines = [
    `from azureml.core import ${kind === 'store' ? '' : 'Dataset, '}Datastore, Workspace`,
    '',
    `ws = Workspace.get(${quoted(store.workspace)})`,
    `datastore = Datastore.get(ws, ${quoted(store.name)})`
  ];
  if (kind === 'file' || kind === 'folder') {
    lines.push(`dataset = Dataset.${readerOf(kind, path)}((datastore, ${quoted(path)}))`);
  }
  return lines.join('\n');
}

function readerOf(kind: 'file' | 'folder', path: string): string {
  const ending = kind === 'file' ? path.toLowerCase().split('.').at(-1) : '';
  switch (ending) {
    case 'csv':
    case 'tsv':
      return 'Tabular.from_delimited_files';
    case 'parquet':
      return 'Tabular.from_parquet_files';
    case 'jsonl':
      return 'Tabular.from_json_lines_files';
    default:
      return 'File.from_files';
  }
}
