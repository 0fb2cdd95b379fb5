/** The tail of a log, which grows as the log does. */

import type { WireLogEvent, WireLogTail } from '../../wire';
import { Signal } from '../common/signal';
import { LineBuffer, textOf } from './lines';
import type { Line } from './lines';

const MOST_LINES = 10_000;
const MOST_CHARACTERS = 2_000_000;
const RAW_KEPT = 65_536;
const encoder = new TextEncoder();

/** The end of one log: at most 10,000 lines and 2 MB, older ones fall out. */
export class LogModel {
  constructor(readonly name: string) {}

  readonly changed = new Signal();

  /** The byte from which more is wanted. */
  end = 0;
  /** Whether the beginning of the log is not here. */
  isCut = false;
  /** Whether anything was read yet. */
  isKnown = false;

  /** Lines that are kept; one that is still being written is the last. */
  get count(): number {
    const { lines, open } = this.buffer;
    return lines.length - this.first + (open.length > 0 ? 1 : 0);
  }

  /** Lines that fell out, so that line numbers stay true. */
  get dropped(): number {
    return this.gone;
  }

  /** The byte that the first of the lines begins at. */
  get start(): number {
    return this.line(0).start;
  }

  line(index: number): Line {
    return this.buffer.lines[this.first + index] ?? this.buffer.open;
  }

  text(index: number): string {
    return textOf(this.line(index));
  }

  /** Begin again with the end of a log. */
  restart(text: string, offset: number, end: number): void {
    // A tail seldom begins at the beginning of a line.
    const skipped = offset > 0 ? text.indexOf('\n') + 1 : 0;
    const start = offset + encoder.encode(text.slice(0, skipped)).length;
    [this.first, this.gone, this.held, this.counted] = [0, 0, 0, 0];
    this.buffer = new LineBuffer(start);
    this.isCut = offset > 0;
    this.isKnown = true;
    this.raw = '';
    this.append(text.slice(skipped), start, end);
  }

  /** Take a piece that the server pushed; what of it was had already is passed over. */
  hear({ text, offset, end }: WireLogEvent): void {
    const had = this.isKnown ? Math.max(0, this.end - offset) : 0;
    if (end <= this.end && this.isKnown) {
      return;
    }
    this.isKnown = true;
    this.isCut ||= offset > this.end;
    // Who asks anew is told from where it was, also what is on its way already.
    this.append(had > 0 ? behind(text, had) : text, offset + had, end);
  }

  restore(tail: WireLogTail): void {
    this.restart(tail.text, tail.offset, tail.size);
  }

  /** What a stored output keeps: at most `bytes` of the end. */
  tail(bytes: number): WireLogTail {
    const kept = this.raw.slice(-bytes);
    const length = encoder.encode(kept).length;
    return { name: this.name, offset: Math.max(0, this.end - length), text: kept, size: this.end };
  }

  /** Indexes of the lines that hold the text, in whatever case. */
  find(wanted: string): number[] {
    const needle = wanted.toLowerCase();
    const found: number[] = [];
    for (let i = 0; needle && i < this.count; i++) {
      if (this.text(i).toLowerCase().includes(needle)) {
        found.push(i);
      }
    }
    return found;
  }

  private append(text: string, start: number, end: number): void {
    this.buffer.read(text, start);
    this.forget();
    this.raw = (this.raw + text).slice(-RAW_KEPT);
    this.end = end;
    this.changed.emit();
  }

  /** Let go of the oldest lines where there are too many. */
  private forget(): void {
    const { lines } = this.buffer;
    for (; this.counted < lines.length; this.counted++) {
      this.held += lines[this.counted].length;
    }
    while (lines.length - this.first > MOST_LINES || this.held > MOST_CHARACTERS) {
      this.held -= lines[this.first].length;
      this.first += 1;
      this.gone += 1;
    }
    if (this.first > 2_000) {
      lines.splice(0, this.first);
      this.counted -= this.first;
      this.first = 0;
    }
  }

  private buffer = new LineBuffer();
  private first = 0;
  private gone = 0;
  private held = 0;
  private counted = 0;
  private raw = '';
}

/** The text without its first bytes. */
function behind(text: string, bytes: number): string {
  return new TextDecoder().decode(encoder.encode(text).subarray(bytes));
}
