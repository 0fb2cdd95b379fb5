import type { WireLogEvent, WireLogTail } from '../wire';
import { AnsiReader } from './ansi';
import type { Screen, Span } from './ansi';
import { Signal } from './signal';

const MOST_LINES = 10_000;
const MOST_CHARACTERS = 2_000_000;
const LONGEST_LINE = 4_000;
const RAW_KEPT = 65_536;

/** One line as it stands on the screen. */
export interface Line {
  spans: Span[];
  length: number;
}

/**
 * The end of one log: at most 10,000 lines and 2 MB, older ones fall out.
 *
 * A carriage return starts the line anew, so a progress bar stays one line.
 */
export class LogModel implements Screen {
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
    return this.lines.length - this.first + (this.open.length > 0 ? 1 : 0);
  }

  /** Lines that fell out, so that line numbers stay true. */
  get dropped(): number {
    return this.gone;
  }

  line(index: number): Line {
    return this.lines[this.first + index] ?? this.open;
  }

  text(index: number): string {
    return this.line(index)
      .spans.map(span => span.text)
      .join('');
  }

  /** Begin again with the end of a log. */
  restart(text: string, offset: number, end: number): void {
    [this.lines, this.first, this.gone, this.held] = [[], 0, 0, 0];
    [this.open, this.reader, this.returned] = [{ spans: [], length: 0 }, new AnsiReader(), false];
    this.isCut = offset > 0;
    this.isKnown = true;
    this.raw = '';
    // A tail seldom begins at the beginning of a line.
    const whole = this.isCut ? text.slice(text.indexOf('\n') + 1) : text;
    this.append(whole, end);
  }

  /** Take a piece that the server pushed; a piece that was had already is passed over. */
  hear(event: WireLogEvent): void {
    if (event.end <= this.end && this.isKnown) {
      return;
    }
    this.isKnown = true;
    this.isCut ||= event.offset > this.end;
    this.append(event.text, event.end);
  }

  restore(tail: WireLogTail): void {
    this.restart(tail.text, tail.offset, tail.size);
  }

  /** What a stored output keeps: at most `bytes` of the end. */
  tail(bytes: number): WireLogTail {
    const kept = this.raw.slice(-bytes);
    const length = new TextEncoder().encode(kept).length;
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

  // ---- the screen that the reader of escapes writes to

  put(span: Span): void {
    if (this.returned) {
      this.erase();
    }
    let rest = span;
    while (this.open.length + rest.text.length > LONGEST_LINE) {
      const room = LONGEST_LINE - this.open.length;
      this.write({ ...rest, text: rest.text.slice(0, room) });
      this.newline();
      rest = { ...rest, text: rest.text.slice(room) };
    }
    this.write(rest);
  }

  newline(): void {
    this.lines.push(this.open);
    this.held += this.open.length;
    this.open = { spans: [], length: 0 };
    this.returned = false;
    while (this.lines.length - this.first > MOST_LINES || this.held > MOST_CHARACTERS) {
      this.held -= this.lines[this.first].length;
      this.first += 1;
      this.gone += 1;
    }
    if (this.first > 2_000) {
      this.lines.splice(0, this.first);
      this.first = 0;
    }
  }

  carriageReturn(): void {
    this.returned = true;
  }

  erase(): void {
    this.open = { spans: [], length: 0 };
    this.returned = false;
  }

  private write(span: Span): void {
    if (span.text) {
      this.open.spans.push(span);
      this.open.length += span.text.length;
    }
  }

  private append(text: string, end: number): void {
    this.reader.read(text, this);
    this.raw = (this.raw + text).slice(-RAW_KEPT);
    this.end = end;
    this.changed.emit();
  }

  private lines: Line[] = [];
  private first = 0;
  private gone = 0;
  private held = 0;
  private open: Line = { spans: [], length: 0 };
  private returned = false;
  private reader = new AnsiReader();
  private raw = '';
}
