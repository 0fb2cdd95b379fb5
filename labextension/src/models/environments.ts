import type { Follower, Following, Link } from '../tokens';
import type { WireEnvironment, WireEvent, WireSubscribe } from '../wire';
import type { Live } from './run';
import { Signal } from './signal';

const SETTLE = 500;

/** The environments of one workspace: the newest version of each name, kept live. */
export class EnvironmentsModel implements Follower {
  constructor(private readonly live: Live) {}

  readonly changed = new Signal();

  workspace = 'default';
  rows: WireEnvironment[] = [];
  isLoading = false;
  hasLoaded = false;
  problem: string | null = null;
  link_: Link = { state: 'idle', message: '' };

  find(name: string): WireEnvironment | null {
    return this.rows.find(row => row.name === name) ?? null;
  }

  /** Show another workspace. */
  async show(workspace: string): Promise<void> {
    if (workspace !== this.workspace) {
      [this.workspace, this.rows, this.hasLoaded] = [workspace, [], false];
      if (this.following) {
        this.stop();
        this.start();
      }
    }
    await this.refresh();
  }

  /** Load the list again. */
  async refresh(): Promise<void> {
    const asked = ++this.asked;
    this.isLoading = true;
    this.changed.emit();
    try {
      const rows = await this.live.rest.environments(this.workspace);
      if (asked !== this.asked) {
        return;
      }
      [this.rows, this.problem, this.hasLoaded] = [sorted(rows), null, true];
    } catch (error) {
      if (asked === this.asked) {
        this.problem = (error as Error).message;
      }
    }
    if (asked === this.asked) {
      this.isLoading = false;
      this.news.splice(0).forEach(again => again());
      this.changed.emit();
    }
  }

  /** Load the list again in a moment, as when something may use an environment that did not. */
  soon(): void {
    if (this.following) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => void this.refresh(), SETTLE);
    }
  }

  start(): void {
    this.following ??= this.live.feed.follow(this);
  }

  stop(): void {
    clearTimeout(this.waiting);
    this.following?.dispose();
    this.following = null;
  }

  /** After a failure: connect again and load again. */
  async retry(): Promise<void> {
    this.live.feed.retry();
    await this.refresh();
  }

  /** Take what an event or the answer to a command says of a version. */
  take(environment: WireEnvironment): void {
    if (environment.workspace !== this.workspace) {
      return;
    }
    this.remember(() => this.take(environment));
    const known = this.find(environment.name);
    const isNewest = environment.versions[0] === environment.version;
    if (!known && isNewest) {
      this.rows = sorted([...this.rows, environment]);
    } else if (known && (isNewest || known.version === environment.version)) {
      this.rows = this.rows.map(row => (row === known ? environment : row));
    }
    this.changed.emit();
  }

  /** A version is gone: the newest one that is left takes its place. */
  drop(name: string, version: string): void {
    this.remember(() => this.drop(name, version));
    const known = this.find(name);
    if (!known) {
      return;
    }
    const versions = known.versions.filter(one => one !== version);
    if (known.version !== version) {
      this.rows = this.rows.map(row => (row === known ? { ...known, versions } : row));
    } else {
      this.rows = this.rows.filter(row => row !== known);
      if (versions.length > 0) {
        void this.refresh();
      }
    }
    this.changed.emit();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'environments', workspace: this.workspace };
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

  hear(event: WireEvent): void {
    if (event.type === 'environment') {
      this.take(event.environment);
    } else if (event.type === 'environmentGone') {
      this.drop(event.name, event.version);
    }
  }

  /** A list that is on its way was made before this: it is done again when the list is there. */
  private remember(news: () => void): void {
    if (this.isLoading) {
      this.news.push(news);
    }
  }

  private asked = 0;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private readonly news: (() => void)[] = [];
  private following: Following | null = null;
}

/** One's own by name, then those that come with the server. */
function sorted(rows: WireEnvironment[]): WireEnvironment[] {
  return [...rows].sort(
    (one, other) =>
      Number(one.curated) - Number(other.curated) || one.name.localeCompare(other.name)
  );
}
