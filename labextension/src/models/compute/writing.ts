/** The state of the page on which a target is created or attached. */

import type { ComputeRest, Trans } from '../../tokens';
import type {
  WireCompute,
  WireComputeKind,
  WireComputeSetting,
  WireComputeSize,
  WireNewCompute
} from '../../wire';
import { Signal } from '../common/signal';
import { plain } from '../common/words';

/** What is written into the form, as it stands there. */
export interface TargetDraft {
  name: string;
  description: string;
  minNodes: string;
  maxNodes: string;
  idleSeconds: string;
  vmSize: string;
  vmPriority: string;
  settings: Record<string, string | boolean>;
}

type Field = Exclude<keyof TargetDraft, 'settings'>;

const EMPTY: TargetDraft = {
  name: '',
  description: '',
  minNodes: '0',
  maxNodes: '4',
  idleSeconds: '1800',
  vmSize: '',
  vmPriority: 'dedicated',
  settings: {}
};

/** The names that the server has for our fields. */
const FIELDS: Record<string, Field> = {
  name: 'name',
  min_nodes: 'minNodes',
  max_nodes: 'maxNodes',
  idle_seconds_before_scaledown: 'idleSeconds',
  vm_size: 'vmSize',
  vm_priority: 'vmPriority',
  description: 'description'
};
const NUMBERS = ['minNodes', 'maxNodes', 'idleSeconds'] as const;

/** A target while it is written: one kind is chosen, its settings are filled in and tried out. */
export class TargetWriting {
  constructor(
    readonly workspace: string,
    private readonly rest: Pick<
      ComputeRest,
      'targetKinds' | 'targetSizes' | 'addTarget' | 'checkTarget'
    >,
    private readonly trans: Trans = plain
  ) {}

  readonly changed = new Signal();

  kinds: WireComputeKind[] | null = null;
  sizes: WireComputeSize[] = [];
  kind: WireComputeKind | null = null;
  draft: TargetDraft = EMPTY;
  /** What is wrong, by the id of the field. */
  wrong: ReadonlyMap<string, string> = new Map();
  /** What is wrong with no field of its own. */
  problem: string | null = null;
  /** What the check found. */
  found: string | null = null;
  isBusy: 'check' | 'create' | null = null;
  /** Grows whenever fields were found to be wrong. */
  refusals = 0;

  /** Ask which kinds and sizes there are. */
  async load(): Promise<void> {
    this.problem = null;
    try {
      const [kinds, sizes] = await Promise.all([this.rest.targetKinds(), this.rest.targetSizes()]);
      [this.kinds, this.sizes] = [kinds, sizes];
      const first = kinds.find(kind => !kind.isKnownOnly) ?? kinds[0];
      if (first) {
        this.choose(first.name);
      }
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.changed.emit();
  }

  /** Write a target of that kind. What all kinds have stays as it is. */
  choose(name: string): void {
    const kind = this.kinds?.find(one => one.name === name) ?? null;
    if (kind !== null && kind !== this.kind) {
      this.kind = kind;
      const settings = Object.fromEntries(kind.settings.map(one => [one.name, startOf(one)]));
      this.edit({ ...this.draft, settings }, new Map());
    }
  }

  fill(field: Field, value: string): void {
    this.edit({ ...this.draft, [field]: value }, without(this.wrong, field));
  }

  set(setting: string, value: string | boolean): void {
    const settings = { ...this.draft.settings, [setting]: value };
    this.edit({ ...this.draft, settings }, without(this.wrong, settingId(setting)));
  }

  /** Connect to it, and keep what was found or what is wrong. */
  async check(): Promise<void> {
    // The target has no name yet, and needs none to be looked for.
    const asked = this.draft.name.trim() || 'unnamed';
    await this.act('check', false, async body => {
      const { found } = await this.rest.checkTarget({ ...body, name: asked });
      this.found = found;
    });
  }

  /** Create or attach it; null where that cannot be, and the fields say why. */
  async create(): Promise<WireCompute | null> {
    return this.act('create', true, body => this.rest.addTarget(body));
  }

  /** The target as the server is asked for it. */
  body(): WireNewCompute {
    const { kind, draft, workspace } = this;
    const body: WireNewCompute = {
      workspace,
      kind: kind?.name,
      type: kind?.type,
      name: draft.name.trim(),
      description: draft.description.trim(),
      settings: this.settings()
    };
    if (!kind?.hasNodes) {
      return body;
    }
    body.vmSize = draft.vmSize.trim() || null;
    if (!kind.isScaled) {
      return body;
    }
    for (const field of NUMBERS) {
      if (draft[field].trim() !== '') {
        body[field] = Number(draft[field]);
      }
    }
    return { ...body, vmPriority: draft.vmPriority };
  }

  private settings(): Record<string, unknown> {
    const pairs = (this.kind?.settings ?? []).map(setting => [
      setting.name,
      valueOf(setting, this.draft.settings[setting.name])
    ]);
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  }

  private async act<T>(
    what: 'check' | 'create',
    isNamed: boolean,
    ask: (body: WireNewCompute) => Promise<T>
  ): Promise<T | null> {
    if (this.isBusy !== null || this.kind === null) {
      return null;
    }
    [this.found, this.problem, this.wrong] = [null, null, this.missing(isNamed)];
    if (this.wrong.size > 0) {
      this.refusals += 1;
      this.changed.emit();
      return null;
    }
    this.isBusy = what;
    this.changed.emit();
    // What is written meanwhile is not what was asked about.
    const { draft } = this;
    let answer: T | null = null;
    try {
      answer = await ask(this.body());
      if (draft !== this.draft) {
        this.found = null;
      }
    } catch (error) {
      this.blame(error as Error);
    }
    this.isBusy = null;
    this.changed.emit();
    return answer;
  }

  /** What is seen without asking. */
  private missing(isNamed: boolean): Map<string, string> {
    const { draft, kind, trans } = this;
    const wrong = new Map<string, string>();
    if (isNamed && draft.name.trim() === '') {
      wrong.set('name', trans('A name is missing.'));
    }
    for (const { name, required, type } of kind?.settings ?? []) {
      const value = draft.settings[name];
      const isEmpty = typeof value === 'string' && value.trim() === '';
      if (required && isEmpty) {
        wrong.set(settingId(name), trans('This is needed.'));
      } else if (type === 'number' && !isEmpty && !isNumber(String(value))) {
        wrong.set(settingId(name), trans('This is no number.'));
      }
    }
    for (const field of kind?.isScaled ? NUMBERS : []) {
      if (draft[field].trim() !== '' && !isNumber(draft[field])) {
        wrong.set(field, trans('This is no number.'));
      }
    }
    return wrong;
  }

  /** Put what the server says at the field that it names. */
  private blame(error: Error & { hint?: string | null }): void {
    const { message, hint } = error;
    const field = this.fieldOf(error);
    const words = message.replace(/^\w+: /, '');
    if (field === null) {
      this.problem = [message, hint].filter(line => line).join(' ');
    } else {
      this.refusals += 1;
      this.wrong = new Map([[field, words.slice(0, 1).toUpperCase() + words.slice(1)]]);
    }
  }

  private fieldOf({ name, message }: Error): string | null {
    if (name === 'AlreadyExists' || /cannot be the name of|choose another name/.test(message)) {
      return 'name';
    }
    const [, named = ''] = /^(\w+)(?:: | is )/.exec(message) ?? [];
    if (this.kind?.settings.some(setting => setting.name === named)) {
      return settingId(named);
    }
    return FIELDS[named] ?? null;
  }

  private edit(draft: TargetDraft, wrong: ReadonlyMap<string, string>): void {
    [this.draft, this.wrong, this.found, this.problem] = [draft, wrong, null, null];
    this.changed.emit();
  }
}

/** The id of the field of a setting, which may be called as one of ours. */
export function settingId(name: string): string {
  return `setting-${name}`;
}

function without(wrong: ReadonlyMap<string, string>, field: string): Map<string, string> {
  return new Map([...wrong].filter(([one]) => one !== field));
}

function startOf({ type, default: value, choices }: WireComputeSetting): string | boolean {
  if (type === 'flag') {
    return value === true;
  }
  return value === null ? (type === 'choice' ? (choices[0] ?? '') : '') : String(value);
}

/** What is written in a field, as the server takes it; undefined where nothing is. */
function valueOf({ type }: WireComputeSetting, written: string | boolean): unknown {
  if (typeof written === 'boolean') {
    return written;
  }
  const text = written.trim();
  if (text === '') {
    return undefined;
  }
  if (type === 'lines') {
    return text
      .split('\n')
      .map(line => line.trim())
      .filter(line => line);
  }
  // The ends of a secret are part of it.
  return type === 'number' ? Number(text) : type === 'secret' ? written : text;
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}
