/** What is asked for again and again while somebody looks at it. */

import type { Heard } from '../../tokens';
import { Signal } from './signal';

const PAUSE = 3000;

export abstract class Polled {
  constructor(
    /** The world's way to say that it is worth asking at once. */
    private readonly news: Heard,
    private readonly pause = PAUSE
  ) {}

  readonly changed = new Signal();
  hasLoaded = false;
  problem: string | null = null;

  /** Keep it up to date until the returned function is called. */
  watch(): () => void {
    if (this.watchers++ === 0) {
      this.deafen = this.news.subscribe(() => void this.refresh());
      void this.refresh();
    }
    let isWatched = true;
    return () => {
      if (isWatched) {
        isWatched = false;
        this.leave();
      }
    };
  }

  /** Ask now; an answer that was overtaken by a newer one is dropped. */
  async refresh(): Promise<void> {
    clearTimeout(this.next);
    const asked = ++this.asked;
    const isLatest = (): boolean => asked === this.asked;
    try {
      const keep = await this.ask();
      if (!isLatest()) {
        return;
      }
      keep();
      [this.problem, this.hasLoaded] = [null, true];
    } catch (error) {
      if (!isLatest()) {
        return;
      }
      this.problem = (error as Error).message;
    }
    if (this.watchers > 0) {
      this.next = setTimeout(() => void this.refresh(), this.pause);
    }
    this.changed.emit();
  }

  /** Ask the server; the answer takes over what it said. */
  protected abstract ask(): Promise<() => void>;

  private leave(): void {
    this.watchers -= 1;
    if (this.watchers === 0) {
      clearTimeout(this.next);
      this.deafen?.();
      this.deafen = null;
    }
  }

  private asked = 0;
  private watchers = 0;
  private next: ReturnType<typeof setTimeout> | undefined;
  private deafen: (() => void) | null = null;
}
