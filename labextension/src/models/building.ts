import type { Feed, Follower, Following } from '../tokens';
import type { WireEnvironment, WireEvent, WireSubscribe } from '../wire';

/** Tells a user how a build goes: `going` any number of times, then one of the other two. */
export interface Teller {
  going(text: string): void;
  done(text: string): void;
  failed(text: string): void;
}

/** Follows the build of one environment, and tells of it from the first sign on. */
export class BuildWatch implements Follower {
  constructor(
    private readonly workspace: string,
    private readonly name: string,
    private readonly feed: Feed,
    private readonly teller: Teller
  ) {}

  start(): void {
    this.following ??= this.feed.follow(this);
  }

  /** Hear no more; a build that was told of is told to its end. */
  stop(ready: string | null = null): void {
    this.following?.dispose();
    this.following = null;
    if (this.isTold) {
      this.isTold = false;
      this.teller.done(ready ?? '');
    }
  }

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'environments', workspace: this.workspace };
  }

  link(): void {}

  hear(event: WireEvent): void {
    if (event.type === 'environment' && event.environment.name === this.name) {
      this.take(event.environment);
    }
  }

  private take({ state, reason }: WireEnvironment): void {
    if (state === 'building') {
      this.isTold = true;
      this.teller.going(reason ?? '');
    } else if (this.isTold) {
      this.isTold = false;
      if (state === 'failed') {
        this.teller.failed(reason ?? '');
      } else {
        this.teller.done(reason ?? '');
      }
    }
  }

  private isTold = false;
  private following: Following | null = null;
}
