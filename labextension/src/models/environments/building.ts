/** The build that a starting kernel waits for, as a notice tells of it. */

import type { EnvironmentRest, Wanted } from '../../tokens';

const PAUSE = 250;
/** What a kernel needs on top of its environment, and so what it builds. */
const EXTRAS = ['ipykernel'];

/** Tells a user how a build goes: `going` any number of times, then one of the other two. */
export interface Teller {
  going(text: string): void;
  done(): void;
  failed(text: string): void;
}

/** Looks at the build that a starting kernel waits for, and tells of it from the first sign on. */
export class BuildWatch {
  constructor(
    private readonly wanted: Wanted,
    private readonly rest: Pick<EnvironmentRest, 'buildState'>,
    private readonly teller: Teller,
    private readonly pause = PAUSE
  ) {}

  start(): void {
    this.isOn = true;
    this.rounds += 1;
    void this.look();
  }

  /** Look no more; a build that was told of is told to its end. */
  stop(): void {
    this.isOn = false;
    clearTimeout(this.next);
    if (this.told !== null) {
      this.told = null;
      this.teller.done();
    }
  }

  private async look(): Promise<void> {
    const round = this.rounds;
    const seen = await this.rest.buildState(this.wanted, EXTRAS).catch(() => null);
    if (!this.isOn || round !== this.rounds) {
      return;
    }
    const reason = seen?.reason ?? '';
    if (seen?.state === 'building') {
      if (reason !== this.told) {
        this.told = reason;
        this.teller.going(reason);
      }
    } else if (seen?.state === 'ready') {
      this.stop();
      return;
    } else if (seen?.state === 'failed' && this.told !== null) {
      [this.told, this.isOn] = [null, false];
      this.teller.failed(reason);
      return;
    }
    this.next = setTimeout(() => void this.look(), this.pause);
  }

  private isOn = false;
  /** How many times it was started. */
  private rounds = 0;
  private told: string | null = null;
  private next: ReturnType<typeof setTimeout> | undefined;
}
