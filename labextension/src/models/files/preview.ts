/** What can be seen of a file without running or trusting anything in it. */

import type { Bytes } from '../../tokens';
import { Signal } from '../common/signal';
import { withoutEscapes } from './ansi';

export type Kind =
  'picture' | 'drawing' | 'page' | 'table' | 'json' | 'notebook' | 'diff' | 'binary' | 'text';

const KINDS: Record<string, Kind> = {
  png: 'picture',
  jpg: 'picture',
  jpeg: 'picture',
  gif: 'picture',
  webp: 'picture',
  svg: 'drawing',
  html: 'page',
  htm: 'page',
  xhtml: 'page',
  csv: 'table',
  tsv: 'table',
  json: 'json',
  geojson: 'json',
  ipynb: 'notebook',
  diff: 'diff',
  patch: 'diff',
  // These are programs to those who read them: they are never opened here.
  pkl: 'binary',
  pickle: 'binary',
  joblib: 'binary',
  pt: 'binary',
  pth: 'binary',
  npy: 'binary',
  npz: 'binary',
  h5: 'binary',
  onnx: 'binary',
  parquet: 'binary',
  zip: 'binary',
  gz: 'binary',
  tar: 'binary',
  whl: 'binary',
  bin: 'binary',
  exe: 'binary',
  so: 'binary'
};

/** What a file is by the end of its name; whether text is text shows when it is read. */
export function kindOf(name: string): Kind {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const dot = last.lastIndexOf('.');
  return (dot > 0 ? KINDS[last.slice(dot + 1).toLowerCase()] : undefined) ?? 'text';
}

export function separatorOf(name: string): string {
  return /\.tsv$/i.test(name) ? '\t' : ',';
}

const STEP = 262_144;
const MOST = 4_194_304;
const LOOKED_AT = 8_192;

/** The beginning of a file as text, which grows when more is asked for. */
export class TextFile {
  constructor(
    readonly name: string,
    private readonly read: (offset: number, limit: number) => Promise<Bytes>
  ) {}

  readonly changed = new Signal();
  text = '';
  size = 0;
  isLoaded = false;
  isBinary = false;
  problem: string | null = null;

  get hasMore(): boolean {
    return this.isLoaded && !this.isBinary && this.end < this.size && this.end < MOST;
  }

  /** Whether everything in the file is here. */
  get isWhole(): boolean {
    return this.isLoaded && this.end >= this.size;
  }

  /** How much is here, in bytes. */
  get end(): number {
    return this.at;
  }

  async more(step = STEP): Promise<void> {
    if (this.isReading) {
      return;
    }
    this.isReading = true;
    try {
      const { data, size } = await this.read(this.at, step);
      this.isBinary ||= data.subarray(0, LOOKED_AT).includes(0);
      this.text += this.isBinary ? '' : this.decoder.decode(data, { stream: true });
      [this.at, this.size] = [this.at + data.length, Math.max(size, this.at + data.length)];
      [this.isLoaded, this.problem] = [true, null];
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.isReading = false;
    this.changed.emit();
  }

  private at = 0;
  private isReading = false;
  private readonly decoder = new TextDecoder();
}

interface Cell {
  cell_type?: unknown;
  source?: unknown;
  outputs?: unknown;
}

/** A notebook as text: its cells one after the other, with what they printed. */
export function notebookText(text: string): string | null {
  let cells: unknown;
  try {
    cells = (JSON.parse(text) as { cells?: unknown }).cells;
  } catch {
    return null;
  }
  return Array.isArray(cells) ? (cells as Cell[]).map(cellText).join('\n\n') : null;
}

function cellText(cell: Cell, index: number): string {
  const outputs = Array.isArray(cell.outputs) ? cell.outputs.map(outputText) : [];
  const head = `# ─── ${index + 1} · ${String(cell.cell_type ?? 'cell')} ───`;
  return [head, joined(cell.source), ...outputs].filter(part => part).join('\n');
}

function outputText(output: unknown): string {
  const { text, data, traceback } = (output ?? {}) as Record<string, unknown>;
  const plain = (data as Record<string, unknown> | undefined)?.['text/plain'];
  const said = withoutEscapes(joined(text ?? traceback ?? plain));
  return said
    .trimEnd()
    .split('\n')
    .map(line => `│ ${line}`)
    .join('\n');
}

function joined(source: unknown): string {
  return Array.isArray(source) ? source.join('') : typeof source === 'string' ? source : '';
}

/** What a page may do that was found among the files of a run: look as it is, and nothing else. */
export const INERT = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

/** A page of which nothing runs and that asks nobody for anything. */
export function inertPage(html: string): string {
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="${INERT}">${html}`;
}
