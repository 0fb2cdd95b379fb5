/** What lists and pages of the server have in common: they load, hear events, and load again. */

import type { Follower, Following, IServer, Link } from '../../tokens';
import type { WireEvent, WireSubscribe } from '../../wire';
import { Signal } from './signal';

/** What is loaded as a whole, kept up to date by events, and loaded again after an absence. */
export abstract class Loaded implements Follower {
  constructor(protected readonly live: IServer) {}

  readonly changed = new Signal();
  isLoading = false;
  problem: string | null = null;
  link_: Link = { state: 'idle', message: '' };

  abstract refresh(): Promise<void>;
  abstract ask(): WireSubscribe;
  abstract hear(event: WireEvent): void;

  start(): void {
    this.following ??= this.live.feed.follow(this);
  }

  stop(): void {
    this.following?.dispose();
    this.following = null;
  }

  /** After a failure: connect again and load again. */
  async retry(): Promise<void> {
    this.live.feed.retry();
    await this.refresh();
  }

  link(link: Link): void {
    const wasAway = this.link_.state === 'offline' || this.link_.state === 'missing';
    this.link_ = link;
    if (link.state === 'online' && wasAway) {
      // What happened meanwhile was told to nobody.
      void this.refresh();
    }
    this.changed.emit();
  }

  protected get isFollowing(): boolean {
    return this.following !== null;
  }

  /** Ask the server, and keep its answer unless something was asked for since. */
  protected async load<T>(ask: () => Promise<T>, keep: (answer: T) => void): Promise<void> {
    this.asked += 1;
    const isLatest = this.latest();
    this.isLoading = true;
    this.changed.emit();
    try {
      const answer = await ask();
      if (isLatest()) {
        this.problem = null;
        keep(answer);
      }
    } catch (error) {
      if (isLatest()) {
        this.problem = (error as Error).message;
      }
    }
    if (isLatest()) {
      this.isLoading = false;
      this.news.splice(0).forEach(again => again());
      this.changed.emit();
    }
  }

  /** An answer that is on its way was made before this: it is done again when it is there. */
  protected remember(news: () => void): void {
    if (this.isLoading) {
      this.news.push(news);
    }
  }

  /** Tells, when an answer comes, whether all that is shown was asked for before it was. */
  protected latest(): () => boolean {
    const { asked } = this;
    return () => asked === this.asked;
  }

  /** Turn elsewhere: what is on its way answers what nobody asks for any more. */
  protected forget(): void {
    this.asked += 1;
    this.isLoading = false;
    this.news.length = 0;
  }

  private asked = 0;
  private readonly news: (() => void)[] = [];
  private following: Following | null = null;
}
