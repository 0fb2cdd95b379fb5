/** The runs of a comparison, with all that the server knows of them. */

import type { Follower, Following, IServer, Link } from '../../tokens';
import type {
  WireComparisonCard,
  WireEvent,
  WireFacts,
  WireMetrics,
  WireRun,
  WireSubscribe
} from '../../wire';
import { Hearing } from '../common/hearing';
import { Signal } from '../common/signal';

const AT_ONCE = 4;
const AGAIN = 2_000;

/** Some runs side by side: from a stored output, from the server, or both; kept live. */
export class ComparisonModel implements Follower {
  constructor(
    readonly runIds: readonly string[],
    readonly live: IServer | null
  ) {}

  readonly changed = new Signal();
  readonly metrics = new Map<string, WireMetrics>();
  readonly facts = new Map<string, WireFacts>();
  /** What could not be had, by run. */
  readonly problems = new Map<string, string>();
  isLoading = false;
  savedAt: string | null = null;
  readonly hearing = new Hearing();

  /** The runs that are known, in the order in which they were asked for. */
  get runs(): WireRun[] {
    return this.runIds.flatMap(id => this.known.get(id) ?? []);
  }

  /** Begin with what a notebook holds. */
  restore(card: WireComparisonCard): void {
    this.savedAt = card.savedAt;
    for (const run of card.runs) {
      if (this.runIds.includes(run.runId) && !this.known.has(run.runId)) {
        this.known.set(run.runId, run);
      }
    }
    for (const [runId, metrics] of Object.entries(card.metrics ?? {})) {
      if (!this.metrics.has(runId)) {
        this.metrics.set(runId, metrics);
      }
    }
    this.changed.emit();
  }

  /** Ask the server for all of it. */
  async load(): Promise<void> {
    if (!this.live || this.isLoading) {
      return;
    }
    this.isLoading = true;
    this.problems.clear();
    this.changed.emit();
    const waiting = [...this.runIds];
    const worker = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        await this.loadRun(id);
        this.changed.emit();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    this.isLoading = false;
    this.changed.emit();
    this.follow();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.following?.dispose();
    this.following = null;
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    const seq = [...this.told.values()].reduce((newest, one) => Math.max(newest, one), 0);
    const workspace = this.runs[0]?.workspace ?? 'default';
    return { type: 'subscribe', topic: 'runs', workspace, seq };
  }

  link(link: Link): void {
    const wasAway = this.hearing.isAway;
    if (this.hearing.take(link) && wasAway) {
      // What happened meanwhile was told to nobody.
      void this.load();
    }
    this.changed.emit();
  }

  /** Of when that is which is shown, where no server brings it up to date. */
  get asOf(): string | null {
    return this.hearing.lostAt ?? this.savedAt;
  }

  retry(): void {
    this.live?.feed.retry();
    void this.load();
  }

  hear(event: WireEvent): void {
    if (event.type === 'run' && this.known.has(event.run.runId)) {
      this.take(event.run);
      this.stale.add(event.run.runId);
      this.timer ??= setTimeout(() => void this.reload(), AGAIN);
      this.changed.emit();
    }
  }

  /** What the server says stands against a stored run, however new that says it is. */
  private take(run: WireRun): void {
    if (run.seq >= (this.told.get(run.runId) ?? 0)) {
      this.told.set(run.runId, run.seq);
      this.known.set(run.runId, run);
    }
  }

  /** What changes is heard of, and that nobody tells of it. */
  private follow(): void {
    if (this.live && !this.following && this.runs.length > 0) {
      this.following = this.live.feed.follow(this);
    }
  }

  private async reload(): Promise<void> {
    const ids = [...this.stale];
    this.stale.clear();
    for (const id of ids) {
      await this.loadMetrics(id);
    }
    this.timer = undefined;
    this.changed.emit();
  }

  private async loadRun(runId: string): Promise<void> {
    try {
      this.take(await this.live!.rest.run(runId));
    } catch (error) {
      // A stored run can still be shown when its folder is gone.
      this.problems.set(runId, (error as Error).message);
      return;
    }
    await Promise.all([this.loadMetrics(runId), this.loadFacts(runId)]);
  }

  private async loadMetrics(runId: string): Promise<void> {
    try {
      this.metrics.set(runId, await this.live!.rest.metrics(runId));
    } catch (error) {
      this.problems.set(runId, (error as Error).message);
    }
  }

  private async loadFacts(runId: string): Promise<void> {
    try {
      this.facts.set(runId, await this.live!.rest.facts(runId));
    } catch (error) {
      this.problems.set(runId, (error as Error).message);
    }
  }

  private readonly known = new Map<string, WireRun>();
  /** Which state of each run the server told of. */
  private readonly told = new Map<string, number>();
  private readonly stale = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private following: Following | null = null;
}
