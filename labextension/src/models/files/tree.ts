/** Files whose names are paths, as folders. */

/** A file, or a folder whose size is that of all that is in it. */
export interface Node {
  path: string;
  name: string;
  depth: number;
  size: number;
  isFolder: boolean;
  /** How many files are in a folder. */
  count: number;
  children: Node[];
}

interface Sized {
  name: string;
  size: number;
}

/** The files as a tree, folders first; the returned root has no name. */
export function treeOf(files: readonly Sized[]): Node {
  const root = folder('', '', -1);
  const folders = new Map([['', root]]);
  for (const file of files) {
    const place = folderOf(file.name, folders);
    const name = file.name.slice(place.path ? place.path.length + 1 : 0);
    place.children.push({ ...folder(file.name, name, place.depth + 1), ...leaf(file.size) });
  }
  finish(root);
  return root;
}

function folder(path: string, name: string, depth: number): Node {
  return { path, name, depth, size: 0, isFolder: true, count: 0, children: [] };
}

function leaf(size: number): Pick<Node, 'size' | 'isFolder' | 'count'> {
  return { size, isFolder: false, count: 1 };
}

/** The folder of a path, made with those above it if it is not there yet. */
function folderOf(path: string, folders: Map<string, Node>): Node {
  const end = path.lastIndexOf('/');
  const place = end < 0 ? '' : path.slice(0, end);
  const known = folders.get(place);
  if (known) {
    return known;
  }
  const above = folderOf(place, folders);
  const made = folder(place, place.slice(above.path ? above.path.length + 1 : 0), above.depth + 1);
  above.children.push(made);
  folders.set(place, made);
  return made;
}

function finish(node: Node): void {
  for (const child of node.children) {
    if (child.isFolder) {
      finish(child);
    }
    node.size += child.size;
    node.count += child.count;
  }
  node.children.sort(
    (one, other) =>
      Number(other.isFolder) - Number(one.isFolder) || (one.name < other.name ? -1 : 1)
  );
}

/** The nodes that are seen, from top to bottom. */
export function rowsOf(root: Node, closed: ReadonlySet<string>): Node[] {
  const rows: Node[] = [];
  const add = (node: Node): void => {
    for (const child of node.children) {
      rows.push(child);
      if (child.isFolder && !closed.has(child.path)) {
        add(child);
      }
    }
  };
  add(root);
  return rows;
}

/** Folders that begin closed: those with so many files that they would hide the others. */
export function closedAtFirst(root: Node, most = 50): Set<string> {
  const closed = new Set<string>();
  const look = (node: Node): void => {
    for (const child of node.children.filter(one => one.isFolder)) {
      if (child.children.length > most) {
        closed.add(child.path);
      }
      look(child);
    }
  };
  look(root);
  return closed;
}
