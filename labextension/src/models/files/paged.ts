/** Logs of any length, of which a page holds the parts that are looked at. */

import type { Bytes } from '../../tokens';
import { Signal } from '../common/signal';
import { withoutEscapes } from './ansi';
import { LineBuffer } from './lines';
import type { Line } from './lines';
import type { LogModel } from './log';

const CHUNK = 131_072;
/** How far behind the end of a chunk its last line may end. */
const OVERHANG = 16_384;
const MOST_CHUNKS = 12;
const MOST_HITS = 10_000;
const SEARCHED = 1_048_576;
const GUESSED_LINE = 60;

/** Reads bytes of a log. */
export type Reader = (offset: number, limit: number) => Promise<Bytes>;

/**
 * A whole log, of which only some chunks are here: those that were looked at last, and the tail.
 *
 * Lines of a chunk are those that begin in it. Until a chunk was read its lines are guessed.
 */
export class PagedLog {
  constructor(
    readonly tail: LogModel,
    private readonly read: Reader | null
  ) {}

  /** More lines are here; that the tail has grown is told by the tail. */
  readonly changed = new Signal();
  problem: string | null = null;

  /** Whether there are lines before the tail that can be read. */
  get isWhole(): boolean {
    return this.read !== null || this.tail.start === 0;
  }

  /** How many lines there are in front of the tail, so far as is known. */
  get headCount(): number {
    return this.read ? this.before(this.chunks) : 0;
  }

  get count(): number {
    return this.headCount + this.tail.count;
  }

  /** A line; null while it is on its way. */
  line(row: number): Line | null {
    const head = this.headCount;
    if (row >= head) {
      const index = Math.floor(row - head);
      return index < this.tail.count ? this.tail.line(index) : null;
    }
    const [chunk, first] = this.chunkAt(row);
    return this.kept.get(chunk)?.[Math.floor(row - first)] ?? null;
  }

  /** The byte that a row begins at, so that the row is found again when the count changes. */
  byteOf(row: number): number {
    const line = this.line(row);
    if (line) {
      return line.start;
    }
    const [chunk, first] = this.chunkAt(row);
    return Math.floor((chunk + (row - first) / Math.max(1, this.rowsOf(chunk))) * CHUNK);
  }

  /** The row at which a byte stands; a fraction where it is guessed. */
  rowOf(byte: number): number {
    if (byte >= this.headEnd) {
      return this.headCount + indexAt(i => this.tail.line(i).start, this.tail.count, byte);
    }
    const chunk = Math.floor(byte / CHUNK);
    const lines = this.kept.get(chunk);
    return lines
      ? this.before(chunk) + indexAt(i => lines[i].start, lines.length, byte)
      : this.before(chunk) + ((byte % CHUNK) / CHUNK) * this.rowsOf(chunk);
  }

  /** See to it that these rows are here, soon. */
  want(first: number, last: number): void {
    if (!this.read || first >= this.headCount) {
      return;
    }
    const [from] = this.chunkAt(Math.max(0, first));
    const [to] = this.chunkAt(Math.min(last, this.headCount - 1));
    for (let i = from; i <= Math.min(to, from + 4); i++) {
      if (this.kept.has(i) && !this.isGrowing(i)) {
        // What is looked at is what was used last.
        const lines = this.kept.get(i)!;
        this.kept.delete(i);
        this.kept.set(i, lines);
      } else {
        void this.load(i);
      }
    }
  }

  /** Say what went wrong, until it is tried again. */
  fail(error: Error): void {
    this.problem = error.message;
    this.changed.emit();
  }

  retry(): void {
    this.problem = null;
    this.changed.emit();
  }

  /** Find the lines in front of the tail that hold a text; tells of them as they are found. */
  async search(wanted: string, found: (bytes: number[]) => void, stop: AbortSignal): Promise<void> {
    const needle = wanted.toLowerCase();
    const end = this.headEnd;
    let hits = 0;
    for (let at = 0; this.read && at < end && hits < MOST_HITS && !stop.aborted;) {
      const { data } = await this.read(at, Math.min(SEARCHED, end - at));
      if (stop.aborted || data.length === 0) {
        return;
      }
      const cut = at + data.length < end ? data.lastIndexOf(10) + 1 : data.length;
      const piece = cut > 0 ? data.subarray(0, cut) : data;
      const here = linesWith(piece, at, needle);
      hits += here.length;
      at += piece.length;
      if (here.length > 0) {
        found(here);
      }
    }
  }

  private get headEnd(): number {
    return this.tail.start;
  }

  private get chunks(): number {
    return Math.ceil(this.headEnd / CHUNK);
  }

  private rowsOf(chunk: number): number {
    const known = this.counts.get(chunk);
    if (known !== undefined && !this.isGrowing(chunk)) {
      return known;
    }
    const bytes = Math.min(CHUNK, this.headEnd - chunk * CHUNK);
    return Math.max(1, Math.round(bytes / this.guess));
  }

  /** Whether the tail has let go of lines of this chunk since it was read. */
  private isGrowing(chunk: number): boolean {
    const read = this.readTo.get(chunk);
    return read !== undefined && read < Math.min(this.headEnd, (chunk + 1) * CHUNK);
  }

  /** How many rows the chunks before this one have. */
  private before(chunk: number): number {
    let rows = 0;
    for (let i = 0; i < chunk; i++) {
      rows += this.rowsOf(i);
    }
    return rows;
  }

  /** The chunk in which a row is, and the row that it begins with. */
  private chunkAt(row: number): [number, number] {
    let first = 0;
    for (let i = 0; i < this.chunks - 1; i++) {
      const rows = this.rowsOf(i);
      if (row < first + rows) {
        return [i, first];
      }
      first += rows;
    }
    return [Math.max(0, this.chunks - 1), first];
  }

  /** Bytes of a line, as the tail has them; guessed once, so that nothing moves by itself. */
  private get guess(): number {
    if (this.guessed === 0 && this.tail.isKnown) {
      const bytes = this.tail.end - this.tail.start;
      this.guessed = this.tail.count > 0 && bytes > 0 ? bytes / this.tail.count : GUESSED_LINE;
    }
    return this.guessed || GUESSED_LINE;
  }

  private async load(chunk: number): Promise<void> {
    if (this.loading.has(chunk) || this.problem !== null) {
      return;
    }
    this.loading.add(chunk);
    const to = Math.min((chunk + 1) * CHUNK, this.headEnd);
    const from = Math.max(0, chunk * CHUNK - 1);
    try {
      const { data } = await this.read!(from, to - from + OVERHANG);
      const lines = linesBetween(data, from, chunk * CHUNK, to, to === this.headEnd);
      this.kept.set(chunk, lines);
      this.counts.set(chunk, lines.length);
      this.readTo.set(chunk, to);
      this.forget();
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.loading.delete(chunk);
    this.changed.emit();
  }

  private forget(): void {
    for (const chunk of this.kept.keys()) {
      if (this.kept.size <= MOST_CHUNKS) {
        return;
      }
      this.kept.delete(chunk);
    }
  }

  private readonly kept = new Map<number, Line[]>();
  private readonly counts = new Map<number, number>();
  private readonly readTo = new Map<number, number>();
  private readonly loading = new Set<number>();
  private guessed = 0;
}

/** The last index whose start is not behind the byte. */
function indexAt(start: (index: number) => number, count: number, byte: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    [low, high] = start(middle) <= byte ? [middle, high] : [low, middle - 1];
  }
  return Math.max(0, low);
}

/** The lines that begin from `first` to `end`, of which `data` holds the bytes from `from` on. */
function linesBetween(
  data: Uint8Array,
  from: number,
  first: number,
  end: number,
  isLast: boolean
): Line[] {
  const start = first === 0 ? 0 : boundary(data, first - 1 - from, first - from);
  // The tail begins at the beginning of a line.
  const stop = isLast ? end - from : boundary(data, end - 1 - from, end - from);
  const buffer = new LineBuffer(from + start);
  buffer.read(new TextDecoder().decode(data.subarray(start, stop)), from + start);
  return buffer.open.length > 0 ? [...buffer.lines, buffer.open] : buffer.lines;
}

/** Behind the first line feed from `at` on; where none is near, a long line is cut right here. */
function boundary(data: Uint8Array, at: number, cut: number): number {
  const found = data.indexOf(10, at);
  return found < 0 || found >= cut + OVERHANG ? cut : found + 1;
}

/** The bytes at which the lines begin that hold the text. */
function linesWith(data: Uint8Array, offset: number, needle: string): number[] {
  const text = new TextDecoder().decode(data);
  if (!text.includes('\x1b') && !text.toLowerCase().includes(needle)) {
    return [];
  }
  const isPlain = text.length === data.length;
  const encoder = new TextEncoder();
  const found: number[] = [];
  let byte = offset;
  for (const line of text.split('\n')) {
    if (withoutEscapes(line).toLowerCase().includes(needle)) {
      found.push(byte);
    }
    byte += (isPlain ? line.length : encoder.encode(line).length) + 1;
  }
  return found;
}
