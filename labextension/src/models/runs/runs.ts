/** The state of the sidebar's list of runs, and the rows that it is shown as. */

import type { WireEvent, WireRun, WireRunPage, WireSubscribe } from '../../wire';
import { Loaded } from '../common/loaded';
import { withReason } from '../common/reasons';

const PAGE = 200;
const SETTLE = 600;
const COUNTING = 2_000;
/** A filter with one of these says for itself which children it wants. */
const NAMES_CHILDREN = /(^|\s)-?(parent|run):/i;

/** The runs of one workspace that have no parent, newest first: pages asked for, kept live. */
export class RunsModel extends Loaded {
  workspace = 'default';
  filter = '';
  rows: WireRun[] = [];
  total = 0;
  /** How many children a run of the list has, where it has any. */
  children: ReadonlyMap<string, number> = new Map();
  /** How many runs the experiments in the list have, also those that are not loaded. */
  experiments: ReadonlyMap<string, number> = new Map();
  hasLoaded = false;

  get hasMore(): boolean {
    return this.next !== null;
  }

  find(runId: string): WireRun | null {
    return this.rows.find(run => run.runId === runId) ?? null;
  }

  /** Turn to a workspace and to those runs of it; whether that is anything new. */
  aim(workspace: string, filter: string): boolean {
    const isOther = workspace !== this.workspace;
    const isNew = isOther || filter.trim() !== this.filter;
    [this.workspace, this.filter] = [workspace, filter.trim()];
    if (isNew) {
      this.forget();
    }
    if (isOther) {
      [this.rows, this.total, this.next, this.hasLoaded] = [[], 0, null, false];
      this.changed.emit();
      if (this.isFollowing) {
        this.stop();
        this.start();
      }
    }
    return isNew;
  }

  /** Show another workspace, or other runs of it. */
  async show(workspace: string, filter: string): Promise<void> {
    this.aim(workspace, filter);
    await this.refresh();
  }

  /** Load the first page again. */
  async refresh(): Promise<void> {
    this.unsettle();
    await this.page(null);
  }

  /** Load the next page, if there is one. */
  async more(): Promise<void> {
    if (this.next !== null && !this.isLoading) {
      await this.page(this.next);
    }
  }

  override stop(): void {
    clearTimeout(this.counting);
    this.counting = 0;
    this.unsettle();
    super.stop();
  }

  /** Take a run that a command got as an answer. */
  take(run: WireRun): void {
    if (run.workspace !== this.workspace) {
      return;
    }
    this.remember(() => this.take(run));
    if (run.parentId !== null && !NAMES_CHILDREN.test(this.filter)) {
      this.count(run.parentId);
      return;
    }
    const at = this.rows.findIndex(row => row.runId === run.runId);
    if (at >= 0 && this.rows[at].seq > run.seq) {
      return;
    }
    if (at >= 0) {
      this.rows = this.rows.map((row, index) => (index === at ? run : row));
    } else if (!this.filter && this.isNew(run)) {
      const before = this.rows.findIndex(row => row.createdAt <= run.createdAt);
      const place = before < 0 ? this.rows.length : before;
      this.rows = [...this.rows.slice(0, place), run, ...this.rows.slice(place)];
      this.total += 1;
      this.countOne(run.experiment, 1);
    }
    if (this.filter) {
      // Only the server knows whether the run is (still) among those that are wanted.
      this.settle();
    }
    this.changed.emit();
  }

  drop(runId: string): void {
    this.remember(() => this.drop(runId));
    const gone = this.find(runId);
    if (gone) {
      this.rows = this.rows.filter(run => run !== gone);
      this.total -= 1;
      this.countOne(gone.experiment, -1);
      this.changed.emit();
    } else {
      // It may be one of those that are counted and not loaded.
      this.recountSoon();
    }
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    const seq = this.rows.reduce((newest, run) => Math.max(newest, run.seq), 0);
    return { type: 'subscribe', topic: 'runs', workspace: this.workspace, seq };
  }

  hear(event: WireEvent): void {
    if (event.type === 'run') {
      this.take(event.run);
    } else if (event.type === 'reasons') {
      this.rows = this.rows.map(run => withReason(run, event.reasons));
      this.changed.emit();
    } else if (event.type === 'deleted') {
      this.drop(event.runId);
    } else if (event.type === 'problem') {
      this.problem = event.problem.message;
      this.changed.emit();
    }
  }

  /** Whether a run that is not in the list belongs to the part that was loaded. */
  private isNew(run: WireRun): boolean {
    const oldest = this.rows.at(-1);
    return this.hasLoaded && (!this.hasMore || !oldest || run.createdAt >= oldest.createdAt);
  }

  /** The filter that the server is asked for: children stand with their parent. */
  private get wanted(): string {
    return NAMES_CHILDREN.test(this.filter) ? this.filter : `${this.filter} parent:none`.trim();
  }

  /** A child of this run has changed, and so perhaps how many there are; asked once for many. */
  private count(parentId: string): void {
    if (this.find(parentId) !== null) {
      this.recountSoon();
    }
  }

  private countOne(experiment: string, more: number): void {
    const count = (this.experiments.get(experiment) ?? 0) + more;
    this.experiments = new Map(this.experiments).set(experiment, count);
    if (this.recounts > 0) {
      // The counts that are on their way may have been made before.
      this.recountSoon();
    }
  }

  private recountSoon(): void {
    this.counting ||= setTimeout(() => void this.recount(), COUNTING);
  }

  private async recount(): Promise<void> {
    this.counting = 0;
    this.recounts += 1;
    const isLatest = this.latest();
    try {
      const { workspace } = this;
      const page = await this.live.rest.runs({ workspace, filter: this.wanted, limit: PAGE });
      if (isLatest()) {
        this.keepCounts(page);
        this.changed.emit();
      }
    } catch {
      // The counts that are shown stay until the list is loaded again, which says what is wrong.
    }
    this.recounts -= 1;
  }

  private keepCounts(page: WireRunPage): void {
    const counts = new Map(this.children);
    page.runs.forEach(run => counts.delete(run.runId));
    Object.entries(page.children ?? {}).forEach(([id, count]) => counts.set(id, count));
    this.children = counts;
    this.experiments = new Map([...this.experiments, ...Object.entries(page.experiments ?? {})]);
    this.total = page.total;
  }

  /** Ask the server soon, however often this is called until then. */
  private settle(): void {
    this.settling ||= setTimeout(() => {
      this.settling = 0;
      if (this.isLoading) {
        // While runs go on, a slow answer would be overtaken for ever.
        this.settle();
      } else {
        void this.refresh();
      }
    }, SETTLE);
  }

  private unsettle(): void {
    clearTimeout(this.settling);
    this.settling = 0;
  }

  private async page(after: string | null): Promise<void> {
    const { workspace, wanted: filter } = this;
    await this.load(
      () => this.live.rest.runs({ workspace, filter, limit: PAGE, after }),
      page => {
        this.rows = after === null ? page.runs : merge(this.rows, page.runs);
        if (after === null) {
          this.experiments = new Map();
        }
        this.keepCounts(page);
        [this.next, this.hasLoaded] = [page.next, true];
      }
    );
  }

  private next: string | null = null;
  private settling = 0;
  private counting = 0;
  /** How many counts are on their way. */
  private recounts = 0;
}

/** The code that gets the run. */
export function runCode({ runId, workspace }: WireRun): string {
  return [
    'from azureml.core import Workspace',
    '',
    `ws = Workspace.get(${JSON.stringify(workspace)})`,
    `run = ws.get_run(${JSON.stringify(runId)})`
  ].join('\n');
}

function merge(rows: WireRun[], added: WireRun[]): WireRun[] {
  const known = new Set(rows.map(run => run.runId));
  return [...rows, ...added.filter(run => !known.has(run.runId))];
}

/** A row of the sidebar's list: the head of a group, or a run. */
export type Row =
  { kind: 'group'; name: string; count: number; isOpen: boolean } | { kind: 'run'; run: WireRun };

/** The list as it is shown: flat, or under the experiments, that of the newest run first. */
export function rowsOf(
  runs: WireRun[],
  isGrouped: boolean,
  closed: ReadonlySet<string>,
  counts: ReadonlyMap<string, number> = new Map()
): Row[] {
  if (!isGrouped) {
    return runs.map(run => ({ kind: 'run', run }));
  }
  const groups = new Map<string, WireRun[]>();
  for (const run of runs) {
    const group = groups.get(run.experiment);
    if (group) {
      group.push(run);
    } else {
      groups.set(run.experiment, [run]);
    }
  }
  const rows: Row[] = [];
  for (const [name, members] of groups) {
    const isOpen = !closed.has(name);
    const count = counts.get(name) ?? members.length;
    rows.push({ kind: 'group', name, count, isOpen });
    if (isOpen) {
      rows.push(...members.map(run => ({ kind: 'run', run }) as const));
    }
  }
  return rows;
}
