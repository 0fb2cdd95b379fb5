/** The state of the pane that lists the children of a run. */

import type { Follower, Following, IServer, Link } from '../../tokens';
import type { WireEvent, WireRun, WireRunPage, WireSubscribe } from '../../wire';
import { withReason } from '../common/reasons';
import { Signal } from '../common/signal';

const PAGE = 500;
const MOST_PAGES = 4;
const SETTLE = 1_000;

/**
 * The children of a run, in pages of which only those that were looked at last are here.
 *
 * Pages are chained on the server, so a page far down is reached over those before it.
 */
export class ChildrenModel implements Follower {
  constructor(
    private readonly live: IServer,
    readonly workspace: string,
    readonly parentId: string
  ) {}

  readonly changed = new Signal();
  total = 0;
  sort = 'number';
  hasLoaded = false;
  problem: string | null = null;
  /** The names of the metrics that the children have, as far as they were seen. */
  readonly metrics = new Set<string>();

  /** A child; null while it is on its way. */
  row(index: number): WireRun | null {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  start(): void {
    this.following ??= this.live.feed.follow(this);
    void this.want(0, PAGE);
  }

  stop(): void {
    this.following?.dispose();
    this.following = null;
    clearTimeout(this.settling);
    this.settling = 0;
  }

  /** Show them in another order, from the first on. */
  async order(sort: string): Promise<void> {
    this.sort = sort;
    this.forgetAll();
    await this.want(0, PAGE);
  }

  async retry(): Promise<void> {
    this.problem = null;
    await this.want(this.wanted[0], this.wanted[1]);
  }

  /** See to it that the rows from `first` on and before `last` are here. */
  async want(first: number, last: number): Promise<void> {
    this.wanted = [first, last];
    if (this.isLoading || this.problem !== null) {
      return;
    }
    this.isLoading = true;
    try {
      for (let page = this.missing(); page !== null; page = this.missing()) {
        await this.load(page);
      }
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.isLoading = false;
    this.changed.emit();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    const { workspace, parentId, newest } = this;
    return { type: 'subscribe', topic: 'runs', workspace, parentId, seq: newest };
  }

  link(link: Link): void {
    if (link.state !== 'online') {
      return;
    }
    if (this.hasLoaded) {
      this.problem = null;
      this.hasLost = true;
      this.settle();
    } else if (this.problem !== null) {
      void this.retry();
    }
  }

  hear(event: WireEvent): void {
    if (event.type === 'run' && event.run.parentId === this.parentId) {
      this.take(event.run);
    } else if (event.type === 'reasons') {
      for (const [page, rows] of this.pages) {
        this.pages.set(
          page,
          rows.map(run => withReason(run, event.reasons))
        );
      }
      this.changed.emit();
    } else if (event.type === 'deleted') {
      this.hasLost = true;
      this.settle();
    }
  }

  private take(run: WireRun): void {
    this.newest = Math.max(this.newest, run.seq);
    for (const rows of this.pages.values()) {
      const at = rows.findIndex(row => row.runId === run.runId);
      if (at >= 0) {
        if (rows[at].seq <= run.seq) {
          rows[at] = run;
          this.note([run]);
          this.changed.emit();
        }
        return;
      }
    }
    // Where a new one belongs only the server knows.
    this.settle();
  }

  /** The first page that is wanted and can be asked for; null where all are here. */
  private missing(): number | null {
    const [first, end] = this.wanted;
    // How many there are is only known once something was loaded.
    const last = this.pages.size > 0 ? Math.min(end, this.total) - 1 : first;
    for (let page = Math.floor(first / PAGE); page * PAGE <= last; page++) {
      if (!this.pages.has(page)) {
        return Math.min(page, this.cursors.length - 1);
      }
    }
    return null;
  }

  private async load(page: number): Promise<void> {
    const { workspace, sort, generation } = this;
    const filter = `parent:${this.parentId}`;
    const after = this.cursors[page];
    const isLatest = (): boolean => generation === this.generation;
    let found: WireRunPage;
    try {
      found = await this.live.rest.runs({ workspace, filter, sort, limit: PAGE, after });
    } catch (error) {
      if (isLatest()) {
        throw error;
      }
      return;
    }
    if (!isLatest()) {
      return;
    }
    this.pages.delete(page);
    this.pages.set(page, found.runs);
    [this.total, this.hasLoaded] = [found.total, true];
    if (found.next !== null) {
      this.cursors[page + 1] = found.next;
    } else {
      this.total = page * PAGE + found.runs.length;
    }
    this.note(found.runs);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= MOST_PAGES) {
        break;
      }
      this.pages.delete(old);
    }
    this.changed.emit();
  }

  private note(runs: WireRun[]): void {
    for (const run of runs) {
      this.newest = Math.max(this.newest, run.seq);
      for (const [name, value] of Object.entries(run.metrics)) {
        if (typeof value === 'number') {
          this.metrics.add(name);
        }
      }
    }
  }

  private settle(): void {
    this.settling ||= setTimeout(() => {
      this.settling = 0;
      if (this.isLoading) {
        // A page far down takes many steps, which would never be gone to the end.
        this.settle();
      } else {
        this.refresh();
      }
    }, SETTLE);
  }

  /** Ask again for what is looked at; what was there is shown until then. */
  private refresh(): void {
    if (!this.following) {
      return;
    }
    const { cursors } = this;
    const shown = new Map(this.pages);
    this.forgetAll();
    if (this.sort === 'number' && !this.hasLost) {
      // New children come after the others: each page begins where it did.
      this.cursors = cursors;
    }
    this.hasLost = false;
    void this.want(this.wanted[0], this.wanted[1]);
    for (const [page, rows] of shown) {
      this.stale.set(page, rows);
    }
  }

  /** A row of before, for as long as the new one is not here. */
  earlier(index: number): WireRun | null {
    return this.stale.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  private forgetAll(): void {
    this.generation += 1;
    this.pages.clear();
    this.stale.clear();
    this.cursors = [null];
  }

  private readonly pages = new Map<number, WireRun[]>();
  private readonly stale = new Map<number, WireRun[]>();
  private cursors: (string | null)[] = [null];
  private wanted: [number, number] = [0, PAGE];
  private newest = 0;
  private generation = 0;
  private isLoading = false;
  /** Whether children may have gone since the pages were asked for. */
  private hasLost = false;
  private settling = 0;
  private following: Following | null = null;
}
