/** What is sent off from a page: the bodies of POST /aml/runs for cells, notebooks and scripts. */

import { CELL_RUNNER } from '../../wire';
import type { WireEnvironment, WireOrigin, WireSource, WireSubmit } from '../../wire';

export const CELL = 'cell.py';
const BUILT = 'python';
const NOTEBOOK_RUNNER = 'jupyter_aml.sdk.notebook_runner';

/** Where and with what something is executed: an interpreter, or an environment of ours. */
export interface Setting {
  workspace: string;
  interpreter: string;
  /** The environment that was chosen, or that the kernel runs in; null for the interpreter. */
  environment: WireEnvironment | null;
  target: string;
}

/** The experiment that runs of a file go to by default: its name, as a name may be. */
export function experimentOf(path: string): string {
  const otherwise = path.endsWith('.py') ? 'script' : 'notebook';
  const file = path.split('/').at(-1) ?? '';
  const stem = file.replace(/(.)\.[^.]*$/, '$1');
  const name = stem.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-_.]+|[-_.]+$/g, '');
  return name.slice(0, 255) || otherwise;
}

/** Comments and blank lines, then `%%aml`, or the line magic that is meant as one. */
const OURS = /^(?:[ \t]*(?:#.*)?\n)*[ \t]*(?:%%aml(?!\w)|%aml[ \t]+submit(?!\w))/;

/** Whether a cell says itself how it is to be sent, so that the kernel sends it. */
export function sendsItself(code: string): boolean {
  return OURS.test(code);
}

export interface CellJob {
  code: string;
  /** The notebook. */
  path: string;
  origin: WireOrigin;
  /** The notebook's cells by execution count: where one defines a missing name, it is said. */
  cells: Record<string, string>;
}

/** The engine looks at the cell first, as the magic does, and refuses what cannot run. */
export function cellBody({ code, path, origin, cells }: CellJob, by: Setting): WireSubmit {
  return {
    ...common(by, ['-m', CELL_RUNNER, CELL]),
    experiment: experimentOf(path),
    script: CELL,
    source: { files: { [CELL]: code } },
    origin,
    check: { cells }
  };
}

/** A file that is sent, and what the run of it is called. */
interface FileJob {
  path: string;
  content: string;
  experiment: string;
  displayName: string;
  /** The folder of the file on the server's disk, which is sent; null for it alone. */
  folder: string | null;
}

export interface NotebookJob extends FileJob {
  parameters: Record<string, unknown>;
}

export function notebookBody(job: NotebookJob, by: Setting): WireSubmit {
  const file = job.path.split('/').at(-1)!;
  return {
    ...common(by, ['-m', NOTEBOOK_RUNNER, file]),
    ...called(file, job),
    parameters: job.parameters,
    origin: { notebook: job.path, cellId: null, executionCount: null }
  };
}

export interface ScriptJob extends FileJob {
  arguments: string[];
}

export function scriptBody(job: ScriptJob, by: Setting): WireSubmit {
  const file = job.path.split('/').at(-1)!;
  return {
    ...common(by, [file, ...job.arguments]),
    ...called(file, job),
    arguments: job.arguments
  };
}

function called(file: string, job: FileJob): WireSubmit {
  const { content, folder } = job;
  const source: WireSource =
    folder === null ? { files: { [file]: content } } : { directory: folder };
  return {
    experiment: job.experiment || experimentOf(job.path),
    displayName: job.displayName || undefined,
    script: file,
    source
  };
}

function common(by: Setting, command: string[]): WireSubmit {
  const definition = by.environment?.definition;
  return {
    workspace: by.workspace,
    job: {
      command,
      interpreter: interpreterOf(by),
      environment: by.environment?.name ?? 'default',
      environmentVariables: { ...(definition?.environmentVariables as Variables | undefined) },
      secretVariables: [],
      target: by.target,
      timeout: null,
      grace: 30,
      lineOffset: 0
    },
    ...(definition ? { environment: definition } : {})
  };
}

type Variables = Record<string, string>;

/** That of a built environment is the engine's to find; a user-managed one may name its own. */
function interpreterOf({ environment, interpreter }: Setting): string {
  if (environment === null || environment.kind === 'user-managed') {
    const python = environment?.definition.python as { interpreterPath?: string } | undefined;
    const path = python?.interpreterPath ?? BUILT;
    return path === BUILT ? interpreter : path;
  }
  return BUILT;
}

/** One parameter as its cell sets it. */
export interface Parameter {
  name: string;
  /** The value as Python has it. */
  text: string;
  note: string;
}

/** The names that a cell with the tag `parameters` sets, one a line. */
export function parametersOf(source: string): Parameter[] {
  const found: Parameter[] = [];
  for (const line of source.split('\n')) {
    const told = /^([A-Za-z_]\w*)\s*(?::\s*([^=]+?)\s*)?=(?!=)\s*(.+)$/.exec(line);
    if (told) {
      const [text, note] = withoutComment(told[3]);
      found.push({ name: told[1], text, note: note || (told[2] ?? '') });
    }
  }
  return found;
}

function withoutComment(text: string): [string, string] {
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (quote) {
      if (sign === '\\') {
        i += 1;
      } else if (sign === quote) {
        quote = '';
      }
    } else if (sign === '"' || sign === "'") {
      quote = sign;
    } else if (sign === '#') {
      return [text.slice(0, i).trim(), text.slice(i + 1).trim()];
    }
  }
  return [text.trim(), ''];
}

const WORDS: Record<string, unknown> = { True: true, False: false, None: null };

/** The value of a literal of Python or JSON; `undefined` where it is none. */
export function literalOf(text: string): unknown {
  const word = text.trim();
  if (Object.hasOwn(WORDS, word)) {
    return WORDS[word];
  }
  if (/^[+-]?(\d[\d_]*)?\.?\d*(e[+-]?\d+)?$/i.test(word) && /\d/.test(word)) {
    return Number(word.replace(/_/g, ''));
  }
  if (/^[[{("']/.test(word)) {
    try {
      return JSON.parse(asJson(word)) as unknown;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** What was typed for a parameter: a literal where it reads as one, else the text itself. */
export function typed(text: string): unknown {
  const value = literalOf(text);
  return value === undefined ? text : value;
}

/** Strings, lists, tuples and dictionaries of Python as JSON; what is none of it does not parse. */
function asJson(text: string): string {
  const strings =
    /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b(?:True|False|None)\b|[()]|,\s*(?=[\])}])/g;
  return text.replace(strings, piece => {
    if (piece.startsWith("'")) {
      const inner = piece
        .slice(1, -1)
        .replace(/\\'/g, "'")
        .replace(/(?<!\\)"/g, '\\"');
      return `"${inner}"`;
    }
    if (piece === '(' || piece === ')') {
      return piece === '(' ? '[' : ']';
    }
    if (piece.startsWith(',')) {
      return '';
    }
    return Object.hasOwn(WORDS, piece) ? String(WORDS[piece]) : piece;
  });
}

/** The words of a line as a shell takes them apart. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map(word =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) =>
      double !== undefined
        ? String(double).replace(/\\(["\\$`])/g, '$1')
        : ((single ?? escaped) as string)
    )
  );
}
