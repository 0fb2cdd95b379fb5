/** The runs that go on, as the status bar, the Running panel and the tabs of the sidebar tell them. */

import type { Follower, Following, IServer, Link, Trans } from '../../tokens';
import type { WireEvent, WireRun, WireSubscribe } from '../../wire';
import { withReason } from '../common/reasons';
import { Signal } from '../common/signal';
import { FINAL } from '../common/words';

const MOST = 500;
const MOST_GONE = 1_000;
const NOT_FOUND = 404;

/** The runs of a workspace that have not ended yet, and word of each that ends. */
export class ActiveRuns implements Follower {
  constructor(
    private readonly live: IServer,
    private current = 'default'
  ) {}

  readonly changed = new Signal();
  /** Given when a run is heard of that was not there before. */
  readonly met = new Signal();

  isKnown = false;

  /** Called with each run that was active and has ended. */
  onEnd: (run: WireRun) => void = () => {};

  /** Newest first; children stand for themselves only while they run. */
  get runs(): WireRun[] {
    return [...this.active.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** `2 running, 1 waiting`. */
  words(trans: Trans): string {
    const going = this.runs.filter(run => run.status === 'Running').length;
    const waiting = this.active.size - going;
    const words = [
      going > 0 || waiting === 0 ? trans('%1 running', going) : '',
      waiting > 0 ? trans('%1 waiting', waiting) : ''
    ];
    return words.filter(word => word).join(', ');
  }

  get workspace(): string {
    return this.current;
  }

  /** Look at another workspace. */
  show(workspace: string): void {
    if (workspace !== this.current) {
      this.current = workspace;
      this.active.clear();
      this.asked += 1;
      this.isKnown = false;
      if (this.following) {
        this.stop();
        this.start();
      }
    }
  }

  start(): void {
    this.following ??= this.live.feed.follow(this);
  }

  stop(): void {
    this.following?.dispose();
    this.following = null;
  }

  /** Ask for the list anew; what ended in the meantime is told as if it had been heard. */
  async refresh(): Promise<void> {
    const asked = ++this.asked;
    const isLatest = (): boolean => asked === this.asked;
    try {
      const keep = await this.list();
      if (!isLatest()) {
        return;
      }
      keep();
      this.isKnown = true;
    } catch {
      if (!isLatest()) {
        return;
      }
      // The feed says when the server is back; until then nothing is known.
      this.isKnown = false;
    }
    this.changed.emit();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'runs', workspace: this.current };
  }

  link(link: Link): void {
    const isOnline = link.state === 'online';
    if (isOnline) {
      void this.refresh();
    } else if (link.state !== 'connecting') {
      this.isKnown = false;
      this.changed.emit();
    }
  }

  hear(event: WireEvent): void {
    if (event.type === 'run' && event.run.workspace === this.current && !event.run.parentId) {
      this.take(event.run);
      this.changed.emit();
    } else if (event.type === 'reasons') {
      for (const [runId, run] of this.active) {
        this.active.set(runId, withReason(run, event.reasons));
      }
      this.changed.emit();
    } else if (event.type === 'deleted') {
      this.lose(event.runId, event.seq);
      this.changed.emit();
    }
  }

  private take(run: WireRun): void {
    const before = this.active.get(run.runId);
    const known = before?.seq ?? this.gone.get(run.runId) ?? 0;
    if (known > run.seq) {
      return;
    }
    if (!FINAL.has(run.status)) {
      this.active.set(run.runId, run);
      if (!before) {
        this.met.emit();
      }
    } else if (this.lose(run.runId, run.seq)) {
      this.onEnd(run);
    }
  }

  /** Whether the run was active; what is told of it later and was made before is no news. */
  private lose(runId: string, seq: number): boolean {
    this.gone.delete(runId);
    this.gone.set(runId, seq);
    for (const [oldest] of this.gone) {
      if (this.gone.size <= MOST_GONE) {
        break;
      }
      this.gone.delete(oldest);
    }
    return this.active.delete(runId);
  }

  /** Ask for the runs that are active and for those that were; the answer takes over both. */
  private async list(): Promise<() => void> {
    const before = [...this.active.keys()];
    const asked = { workspace: this.current, filter: 'status:active', limit: MOST };
    const { runs } = await this.live.rest.runs(asked);
    const there = new Set(runs.map(run => run.runId));
    const lost = before.filter(id => !there.has(id) && this.active.has(id));
    const found = await Promise.all(lost.map(id => this.look(id)));
    return () => {
      runs.filter(run => run.parentId === null).forEach(run => this.take(run));
      lost.filter((_, i) => found[i] === null).forEach(id => this.active.delete(id));
      found.forEach(run => run && this.take(run));
    };
  }

  /** The run; null where it was deleted. */
  private async look(runId: string): Promise<WireRun | null> {
    try {
      return await this.live.rest.run(runId);
    } catch (error) {
      if ((error as { status?: number }).status !== NOT_FOUND) {
        throw error;
      }
      return null;
    }
  }

  private readonly active = new Map<string, WireRun>();
  /** The last that ended or were deleted, with the state of the server at which they did. */
  private readonly gone = new Map<string, number>();
  private asked = 0;
  private following: Following | null = null;
}
