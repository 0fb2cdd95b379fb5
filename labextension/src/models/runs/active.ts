import type { Follower, Following, Link, Trans } from '../../tokens';
import type { WireEvent, WireRun, WireSubscribe } from '../../wire';
import { withReason } from '../common/reasons';
import { Signal } from '../common/signal';
import { FINAL } from '../common/words';
import type { Live } from '../run/run';

const MOST = 500;

/** The runs of a workspace that have not ended yet, and word of each that ends. */
export class ActiveRuns implements Follower {
  constructor(
    private readonly live: Live,
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
    const workspace = this.current;
    const before = new Map(this.active);
    try {
      const asked = { workspace, filter: 'status:active', limit: MOST };
      const { runs } = await this.live.rest.runs(asked);
      if (workspace !== this.current) {
        return;
      }
      runs.filter(run => run.parentId === null).forEach(run => this.take(run));
      const there = new Set(runs.map(run => run.runId));
      const lost = [...before.keys()].filter(id => !there.has(id) && this.active.has(id));
      await Promise.all(lost.map(id => this.look(id)));
      this.isKnown = true;
    } catch {
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
    } else if (event.type === 'deleted' && this.active.delete(event.runId)) {
      this.changed.emit();
    }
  }

  private take(run: WireRun): void {
    const before = this.active.get(run.runId);
    if (before && before.seq > run.seq) {
      return;
    }
    if (!FINAL.has(run.status)) {
      this.active.set(run.runId, run);
      if (!before) {
        this.met.emit();
      }
    } else if (this.active.delete(run.runId)) {
      this.onEnd(run);
    }
  }

  private async look(runId: string): Promise<void> {
    try {
      this.take(await this.live.rest.run(runId));
    } catch {
      // It was deleted.
      this.active.delete(runId);
    }
  }

  private readonly active = new Map<string, WireRun>();
  private following: Following | null = null;
}
