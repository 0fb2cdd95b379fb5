/** The state of the page on which an environment is written. */

import type { EnvironmentRest } from '../../tokens';
import type { WireCheck, WireEnvironment, WireMistake } from '../../wire';
import { Signal } from '../common/signal';
import { EMPTY, fromDefinition, toDefinition, toRequest, toYaml } from './draft';
import type { Draft } from './draft';

const TYPING = 400;

/**
 * An environment while it is written: form and text are kept in step, and the server checks both.
 *
 * The one that was written last is the one that counts. A text with a mistake changes no field.
 */
export class WritingModel {
  constructor(
    readonly workspace: string,
    private readonly rest: Pick<EnvironmentRest, 'checkEnvironment' | 'addEnvironment'>,
    definition: Record<string, unknown> | null = null,
    private readonly pause = TYPING
  ) {
    this.base = definition ?? {};
    this.draft = definition ? fromDefinition(definition) : EMPTY;
    this.yaml = toYaml(this.draft);
  }

  readonly changed = new Signal();

  draft: Draft;
  yaml: string;
  mistakes: WireMistake[] = [];
  warnings: string[] = [];
  /** Why the server could not be asked. */
  problem: string | null = null;
  isChecking = false;
  /** Whether what is written now was found good. */
  isGood = false;

  /** Whether the text is newer than the fields. */
  get isTextFirst(): boolean {
    return this.isText;
  }

  /** A field was changed: the text follows. */
  fill(fields: Partial<Draft>): void {
    this.draft = { ...this.draft, ...fields };
    const isOutside = Object.keys(fields).every(key => key === 'docker' || key === 'image');
    if (this.isText && (isOutside || Object.keys(fields).join() === 'name')) {
      // Not in the text, or (the name) not what the text decides: its comments are kept.
      this.soon();
      return;
    }
    this.isText = false;
    this.yaml = toYaml(this.draft);
    this.soon();
  }

  /** The text was changed: the fields follow when it was checked. */
  write(yaml: string): void {
    if (yaml === this.yaml) {
      return;
    }
    this.yaml = yaml;
    this.isText = true;
    this.soon();
  }

  /** Check now what is written. */
  async check(): Promise<void> {
    clearTimeout(this.timer);
    const asked = ++this.asked;
    try {
      const found = await this.rest.checkEnvironment(this.request());
      if (asked === this.asked) {
        this.take(found);
      }
    } catch (error) {
      if (asked === this.asked) {
        [this.problem, this.isChecking, this.isGood] = [(error as Error).message, false, false];
      }
    }
    this.changed.emit();
  }

  /** Make it; null where there is a mistake that is now shown. */
  async create(): Promise<WireEnvironment | null> {
    await this.check();
    if (!this.isGood || !this.draft.name.trim()) {
      return null;
    }
    const definition = toDefinition(this.draft, this.base);
    return this.rest.addEnvironment({ workspace: this.workspace, definition });
  }

  private request(): ReturnType<typeof toRequest> {
    return toRequest(this.workspace, this.draft, this.isText ? this.yaml : null, this.base);
  }

  private take({ definition, mistakes, warnings }: WireCheck): void {
    [this.mistakes, this.warnings, this.problem] = [mistakes, warnings, null];
    [this.isChecking, this.isGood] = [false, mistakes.length === 0];
    if (this.isText && definition && mistakes.length === 0) {
      const { name, docker, image } = this.draft;
      this.draft = { ...fromDefinition(definition), name, docker, image };
    }
  }

  private soon(): void {
    clearTimeout(this.timer);
    [this.isChecking, this.isGood] = [true, false];
    this.asked += 1;
    this.timer = setTimeout(() => void this.check(), this.pause);
    this.changed.emit();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.asked += 1;
  }

  private readonly base: Record<string, unknown>;
  private isText = false;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
}
