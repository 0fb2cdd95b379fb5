/** Text of a terminal, taken apart into the lines that it leaves on the screen. */

import { AnsiReader } from './ansi';
import type { Screen, Span } from './ansi';

const LONGEST_LINE = 4_000;
const encoder = new TextEncoder();

/** One line as it stands on the screen; `start` is the byte of the log that it begins at. */
export interface Line {
  spans: Span[];
  length: number;
  start: number;
}

export function textOf(line: Line): string {
  return line.spans.map(span => span.text).join('');
}

/**
 * The lines of a piece of a log, which may grow.
 *
 * A carriage return starts the line anew, so a progress bar stays one line.
 */
export class LineBuffer implements Screen {
  constructor(start = 0) {
    this.open = { spans: [], length: 0, start };
  }

  /** Lines that are whole. */
  lines: Line[] = [];
  /** The line that is still being written. */
  open: Line;

  /** Take text that stands in the log from the byte `start` on. */
  read(text: string, start: number): void {
    let [at, byte] = [0, start];
    while (at < text.length) {
      const end = text.indexOf('\n', at);
      const piece = end < 0 ? text.slice(at) : text.slice(at, end + 1);
      byte += encoder.encode(piece).length;
      this.after = byte;
      this.reader.read(piece, this);
      at += piece.length;
    }
  }

  // ---- the screen that the reader of escapes writes to

  put(span: Span): void {
    if (this.returned) {
      this.erase();
    }
    let rest = span;
    while (this.open.length + rest.text.length > LONGEST_LINE) {
      const room = LONGEST_LINE - this.open.length;
      this.write({ ...rest, text: rest.text.slice(0, room) });
      this.close(this.open.start + 1);
      rest = { ...rest, text: rest.text.slice(room) };
    }
    this.write(rest);
  }

  newline(): void {
    this.close(this.after);
  }

  carriageReturn(): void {
    this.returned = true;
  }

  erase(): void {
    this.open = { spans: [], length: 0, start: this.open.start };
    this.returned = false;
  }

  /** End the line; the next one begins at this byte. */
  private close(next: number): void {
    this.lines.push(this.open);
    this.open = { spans: [], length: 0, start: next };
    this.returned = false;
  }

  private write(span: Span): void {
    if (span.text) {
      this.open.spans.push(span);
      this.open.length += span.text.length;
    }
  }

  private reader = new AnsiReader();
  private returned = false;
  private after = 0;
}
