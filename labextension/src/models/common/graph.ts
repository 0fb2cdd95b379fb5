/** Small graphs of where things come from and go to, laid out in columns from left to right. */

import type { Face } from './words';

/** One thing in a graph. */
export interface GraphNode extends Pick<Face, 'glyph' | 'tone'> {
  id: string;
  /** What it is: `Run`. */
  kind: string;
  label: string;
  note?: string;
  /** The one that the graph is about. */
  isCentre?: boolean;
  /** Opens its page; without it there is none. */
  open?: () => void;
}

/** From the id of what was there first to the id of what was made of it. */
export type Edge = readonly [from: string, to: string];

export interface Graph {
  nodes: GraphNode[];
  edges: Edge[];
}

/** Where a thing is drawn, in pixels. */
export interface Placed extends GraphNode {
  x: number;
  y: number;
}

export interface Drawn {
  nodes: Placed[];
  /** Lines as paths of SVG. */
  lines: string[];
  width: number;
  height: number;
}

export const [WIDTH, HEIGHT] = [184, 44];
const [BETWEEN, BELOW] = [48, 12];

/** Lay a graph out: each thing stands right of all that it was made of. */
export function drawn({ nodes, edges }: Graph): Drawn {
  const columns = columnsOf(nodes, edges);
  const most = columns.reduce((high, column) => Math.max(high, column.length), 0);
  const height = Math.max(0, most * (HEIGHT + BELOW) - BELOW);
  const placed = columns.flatMap((column, i) => {
    const top = (height - (column.length * (HEIGHT + BELOW) - BELOW)) / 2;
    return column.map((node, j) => ({
      ...node,
      x: i * (WIDTH + BETWEEN),
      y: top + j * (HEIGHT + BELOW)
    }));
  });
  const places = new Map(placed.map(node => [node.id, node]));
  const lines = edges.flatMap(([from, to]) => {
    const [one, other] = [places.get(from), places.get(to)];
    return one && other ? [line(one, other)] : [];
  });
  const width = Math.max(0, columns.length * (WIDTH + BETWEEN) - BETWEEN);
  return { nodes: placed, lines, width, height };
}

/** A curve from the right side of one to the left side of another, with its head. */
function line(one: Placed, other: Placed): string {
  const [x, y] = [one.x + WIDTH, one.y + HEIGHT / 2];
  const [toX, toY] = [other.x - 2, other.y + HEIGHT / 2];
  const middle = (x + toX) / 2;
  const head = `M${toX - 6} ${toY - 4}L${toX} ${toY}L${toX - 6} ${toY + 4}`;
  return `M${x} ${y}C${middle} ${y} ${middle} ${toY} ${toX} ${toY}${head}`;
}

function columnsOf(nodes: GraphNode[], edges: readonly Edge[]): GraphNode[][] {
  const depths = new Map(nodes.map(node => [node.id, 0]));
  // As often as a way through the graph can be long; a circle ends there, too.
  for (let i = 0; i < nodes.length; i++) {
    for (const [from, to] of edges) {
      const depth = (depths.get(from) ?? 0) + 1;
      if (depths.has(to) && depths.has(from) && depth < nodes.length) {
        depths.set(to, Math.max(depths.get(to)!, depth));
      }
    }
  }
  const columns: GraphNode[][] = [];
  for (const node of nodes) {
    (columns[depths.get(node.id)!] ??= []).push(node);
  }
  return columns.filter(column => column !== undefined);
}
