/** Colours of a terminal, read piece by piece: an escape may be torn between two pieces. */

import { visible } from '../common/visible';

/** A stretch of text in one style; `look` are class names, `colour` a colour beyond the 16. */
export interface Span {
  text: string;
  look: string;
  colour?: string;
  background?: string;
}

interface Pen {
  foreground: string | null;
  background: string | null;
  marks: Set<string>;
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const MARKS: Record<number, string> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse'
};
// CSI sequences, OSC sequences (titles, links), character sets, and any other of two characters.
const SEQUENCE = String.raw`\x1b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[^[\] -/])`;
const ESCAPE = new RegExp(SEQUENCE, 'y');
const ESCAPES = new RegExp(SEQUENCE, 'g');
const LONGEST_ESCAPE = 256;

/** The text as a terminal without colours, titles and links would show it. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** What the writer of a terminal meets: text, the end of a line, a return to its start. */
export interface Screen {
  put(span: Span): void;
  newline(): void;
  carriageReturn(): void;
  erase(): void;
}

/** Reads pieces of terminal output and keeps the style between them. */
export class AnsiReader {
  /** Tell the screen what the piece says; an unfinished escape waits for the next piece. */
  read(piece: string, screen: Screen): void {
    const text = this.torn + piece;
    this.torn = '';
    let at = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== 10 && code !== 13 && code !== 27) {
        continue;
      }
      this.put(text.slice(at, i), screen);
      at = i + 1;
      if (code === 10) {
        screen.newline();
      } else if (code === 13) {
        if (i + 1 === text.length) {
          // Whether this is half of a CRLF shows in the next piece.
          this.torn = '\r';
        } else if (text.charCodeAt(i + 1) !== 10) {
          screen.carriageReturn();
        }
      } else if (code === 27) {
        const end = this.escape(text, i, screen);
        if (end === null) {
          this.torn = text.slice(i);
          return;
        }
        at = end;
        i = end - 1;
      }
    }
    this.put(text.slice(at), screen);
  }

  private put(text: string, screen: Screen): void {
    if (text) {
      screen.put({ text: visible(text), ...this.style });
    }
  }

  /** The position behind the escape, or null where it is not complete yet. */
  private escape(text: string, at: number, screen: Screen): number | null {
    ESCAPE.lastIndex = at;
    const found = ESCAPE.exec(text);
    if (!found) {
      return text.length - at < LONGEST_ESCAPE ? null : at + 1;
    }
    if (found[2] === 'm') {
      this.select((found[1] || '0').split(/[;:]/).map(Number));
    } else if (found[2] === 'K') {
      screen.erase();
    }
    return ESCAPE.lastIndex;
  }

  private select(codes: number[]): void {
    const pen = this.pen;
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code === 0) {
        [pen.foreground, pen.background, pen.marks] = [null, null, new Set()];
      } else if (code in MARKS) {
        pen.marks.add(MARKS[code]);
      } else if (code === 22) {
        pen.marks.delete('bold');
        pen.marks.delete('dim');
      } else if (code >= 23 && code <= 27) {
        pen.marks.delete(MARKS[code - 20]);
      } else if (code === 38 || code === 48) {
        const [colour, used] = extended(codes, i + 1);
        pen[code === 38 ? 'foreground' : 'background'] = colour;
        i += used;
      } else if (code === 39) {
        pen.foreground = null;
      } else if (code === 49) {
        pen.background = null;
      } else {
        this.basic(code);
      }
    }
    this.style = styleOf(pen);
  }

  private basic(code: number): void {
    if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      this.pen.foreground = NAMES[code % 10];
    } else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
      this.pen.background = NAMES[code % 10];
    }
  }

  private torn = '';
  private readonly pen: Pen = { foreground: null, background: null, marks: new Set() };
  private style: Omit<Span, 'text'> = { look: '' };
}

function styleOf(pen: Pen): Omit<Span, 'text'> {
  const looks = [...pen.marks].map(mark => `jp-aml-ansi-${mark}`);
  const style: Omit<Span, 'text'> = { look: '' };
  if (pen.foreground?.startsWith('rgb')) {
    style.colour = pen.foreground;
  } else if (pen.foreground) {
    looks.push(`jp-aml-ansi-${pen.foreground}`);
  }
  if (pen.background?.startsWith('rgb')) {
    style.background = pen.background;
  } else if (pen.background) {
    looks.push(`jp-aml-ansi-on-${pen.background}`);
  }
  style.look = looks.join(' ');
  return style;
}

/** A colour of the 256 or of 24 bits, and how many codes it took. */
function extended(codes: number[], at: number): [string | null, number] {
  if (codes[at] === 2) {
    return [rgb(codes.slice(at + 1, at + 4)), 4];
  }
  if (codes[at] !== 5) {
    return [null, 0];
  }
  const code = codes[at + 1] ?? 0;
  if (code < 16) {
    return [NAMES[code % 8], 2];
  }
  if (code >= 232) {
    const grey = 8 + (code - 232) * 10;
    return [rgb([grey, grey, grey]), 2];
  }
  const cube = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
  const index = code - 16;
  return [rgb([cube(Math.floor(index / 36)), cube(Math.floor(index / 6) % 6), cube(index % 6)]), 2];
}

function rgb(parts: number[]): string {
  const [r, g, b] = [0, 1, 2].map(i => Math.min(255, Math.max(0, Math.trunc(parts[i] || 0))));
  return `rgb(${r}, ${g}, ${b})`;
}
