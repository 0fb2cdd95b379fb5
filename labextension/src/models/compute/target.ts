/** The state of one target's page. */

import type { Following, IServer, Wanted } from '../../tokens';
import type {
  WireCompute,
  WireComputeChange,
  WireComputeKind,
  WireComputeSample,
  WireComputeSize,
  WireEvent,
  WireRun,
  WireSubscribe
} from '../../wire';
import { Loaded } from '../common/loaded';
import { Soon } from '../common/registered';
import { isBeforeIt, isOnIt } from './tree';

/** Also where nothing is told: runs of other workspaces make this machine busy. */
const PAUSE = 5000;
const SETTLE = 400;
const MOST_RUNS = 500;
const MOST_SAMPLES = 1000;

/** One target as its page shows it, with the runs that are on it or wait for it, kept live. */
export class TargetPageModel extends Loaded {
  constructor(
    readonly workspace: string,
    readonly name: string,
    live: IServer
  ) {
    super(live);
  }

  target: WireCompute | null = null;
  /** The kind of the target; null where nobody created it. */
  kind: WireComputeKind | null = null;
  /** What a node of its size has, where that is known. */
  size: WireComputeSize | null = null;
  /** The runs of the workspace that have its places. */
  running: WireRun[] = [];
  /** Those that wait for it or are made ready, the first one first. */
  queue: WireRun[] = [];
  /** How busy it was, oldest first. */
  samples: WireComputeSample[] = [];
  /** Whether the target was deleted while it was looked at. */
  isGone = false;

  get wanted(): Wanted {
    const { workspace, name } = this;
    return { workspace, name };
  }

  override start(): void {
    super.start();
    const ask = (): WireSubscribe => ({
      type: 'subscribe',
      topic: 'runs',
      workspace: this.workspace
    });
    this.runs ??= this.live.feed.follow({ ask, hear: () => this.soon.again(), link: () => {} });
  }

  override stop(): void {
    this.runs?.dispose();
    this.runs = null;
    this.soon.stop();
    clearTimeout(this.next);
    super.stop();
  }

  /** Load all of it again. */
  async refresh(): Promise<void> {
    this.soon.stop();
    clearTimeout(this.next);
    await this.load(
      () => this.found(),
      found => {
        this.isGone = found === null;
        if (found) {
          this.take(...found);
        }
      }
    );
    clearTimeout(this.next);
    if (this.isFollowing) {
      this.next = setTimeout(() => void this.refresh(), PAUSE);
    }
  }

  /** Have the target otherwise; rejects with why it cannot be. */
  async change(change: WireComputeChange): Promise<void> {
    const { name, workspace } = this;
    await this.live.rest.changeTarget(name, { ...change, workspace });
    await this.refresh();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'registered', workspace: this.workspace };
  }

  hear(event: WireEvent): void {
    if (event.type === 'registered' && event.noun === 'compute' && event.name === this.name) {
      this.soon.again();
    }
  }

  private take(target: WireCompute, runs: WireRun[], before: WireComputeSample[]): void {
    this.target = target;
    const here = runs.filter(run => run.target === this.name);
    this.running = here.filter(isOnIt);
    this.queue = here.filter(run => isBeforeIt(run.status)).sort(byAge);
    this.samples = noted(before, target);
  }

  /** The target with what belongs to it; null where it was there and is gone. */
  private async found(): Promise<[WireCompute, WireRun[], WireComputeSample[]] | null> {
    const { rest } = this.live;
    const { workspace, wanted } = this;
    try {
      const [target, { runs }, samples] = await Promise.all([
        rest.target(wanted),
        rest.runs({ workspace, filter: 'status:active', limit: MOST_RUNS }),
        // Later ones are what is seen here.
        this.target === null || this.isGone ? rest.targetHistory(wanted) : this.samples
      ]);
      await this.learn(target);
      return [target, runs, samples];
    } catch (error) {
      if (this.target !== null && (error as Error).name === 'NotFound') {
        return null;
      }
      throw error;
    }
  }

  /** Learn once what the kind and the size of the target are. */
  private async learn({ workspace, kind, vmSize }: WireCompute): Promise<void> {
    const { rest } = this.live;
    if (workspace !== null && this.kind?.name !== kind) {
      this.kind = (await rest.targetKinds()).find(one => one.name === kind) ?? null;
    }
    if (vmSize !== '' && this.size?.name !== vmSize) {
      this.size = (await rest.targetSizes()).find(one => one.name === vmSize) ?? null;
    }
  }

  private runs: Following | null = null;
  private next: ReturnType<typeof setTimeout> | undefined;
  private readonly soon = new Soon(() => void this.refresh(), SETTLE);
}

function byAge(one: WireRun, other: WireRun): number {
  return one.createdAt < other.createdAt ? -1 : 1;
}

/** The samples, and how the target is now if that is other than it was. */
export function noted(
  samples: WireComputeSample[],
  { slots, busy, waiting, nodes }: Pick<WireCompute, 'slots' | 'busy' | 'waiting' | 'nodes'>,
  now = new Date()
): WireComputeSample[] {
  const sample = { at: now.toISOString(), slots, busy, waiting, nodes: nodes.length };
  const last = samples.at(-1);
  const isSame =
    last !== undefined &&
    (['slots', 'busy', 'waiting', 'nodes'] as const).every(key => last[key] === sample[key]);
  return isSame ? samples : [...samples, sample].slice(-MOST_SAMPLES);
}
