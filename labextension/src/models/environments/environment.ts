/** The state of one environment's page. */

import type { IServer, Wanted } from '../../tokens';
import type { WireEnvironment, WireEvent, WireLock, WireRun, WireSubscribe } from '../../wire';
import { Loaded } from '../common/loaded';
import { LogModel } from '../files/log';

export const BUILD_LOG = 'build log';
const MOST_RUNS = 100;
/** Between what a build says it also logs. */
const LOG_PAUSE = 1000;

/** One environment as its page shows it: a version of it, its lock and the log of its build. */
export class EnvironmentModel extends Loaded {
  constructor(
    readonly workspace: string,
    readonly name: string,
    live: IServer
  ) {
    super(live);
  }

  environment: WireEnvironment | null = null;
  lock: WireLock | null = null;
  runs: WireRun[] | null = null;
  /** How many runs used it. */
  total = 0;
  /** Whether the environment was deleted while it was looked at. */
  isGone = false;

  readonly logNames = [BUILD_LOG];

  /** Show a version, or with null whichever is the newest. */
  async show(version: string | null): Promise<void> {
    this.version = version;
    [this.lock, this.runs] = [null, null];
    this.restartLog();
    await this.refresh();
  }

  /** Load the version again. */
  async refresh(): Promise<void> {
    await this.load(
      () => this.live.rest.environment(this.wanted),
      environment => {
        this.isGone = false;
        this.take(environment);
      }
    );
  }

  override stop(): void {
    clearTimeout(this.logTimer);
    super.stop();
  }

  /** Load what exactly is in it, once it is built. */
  async loadLock(): Promise<void> {
    const one = this.environment;
    if (one?.state !== 'ready' || (this.lock && this.lock.key === one.key)) {
      return;
    }
    const { workspace, name, version, key } = one;
    const isShown = (): boolean => this.isOf(one) && this.environment?.key === key;
    try {
      const lock = await this.live.rest.environmentLock({ workspace, name, version });
      if (isShown()) {
        [this.lock, this.lockProblem] = [lock, null];
      }
    } catch (error) {
      this.lockProblem = isShown() ? (error as Error).message : this.lockProblem;
    }
    this.changed.emit();
  }

  /** Load the newest runs that used this version. */
  async loadRuns(): Promise<void> {
    const one = this.environment;
    if (!one) {
      return;
    }
    const { workspace, name, version } = one;
    try {
      const filter = `environment:${name}:${version}`;
      const page = await this.live.rest.runs({ workspace, filter, limit: MOST_RUNS });
      if (this.isOf(one)) {
        [this.runs, this.total, this.runsProblem] = [page.runs, page.total, null];
      }
    } catch (error) {
      this.runsProblem = this.isOf(one) ? (error as Error).message : this.runsProblem;
    }
    this.changed.emit();
  }

  /** Take what an event or the answer to a command says of the version that is shown. */
  take(environment: WireEnvironment): void {
    const { workspace, name, version, versions } = environment;
    const isMine = workspace === this.workspace && name === this.name;
    if (!isMine) {
      return;
    }
    const shown = this.version ?? versions[0];
    if (version !== shown) {
      if (this.environment) {
        this.environment = { ...this.environment, versions };
        this.changed.emit();
      }
      return;
    }
    const before = this.environment;
    this.environment = environment;
    if (before && before.version !== version) {
      this.runs = null;
    }
    const isBuilt = environment.state === 'building';
    if (before && (isBuilt !== (before.state === 'building') || before.version !== version)) {
      // A build writes over the log of the one before, some time after it began: at its end the
      // log is read as a whole.
      this.lock = null;
      this.restartLog();
    }
    if (this.readers > 0) {
      void this.fetchLog();
    }
    this.changed.emit();
  }

  // ---- the log, as a pane of logs reads it

  log(): LogModel {
    return this.buildLog;
  }

  /** Keep the log up to date until the returned function is called. */
  readLog(): () => void {
    this.readers += 1;
    void this.fetchLog();
    return () => void (this.readers -= 1);
  }

  fileUrl(): null {
    return null;
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'environments', workspace: this.workspace };
  }

  hear(event: WireEvent): void {
    this.remember(() => this.hear(event));
    if (event.type === 'environment') {
      this.take(event.environment);
    } else if (event.type === 'environmentGone' && event.name === this.name) {
      this.lose(event.version);
    }
  }

  /** Whether what is shown is still this version. */
  private isOf({ version }: WireEnvironment): boolean {
    return this.environment?.version === version;
  }

  private get wanted(): Wanted {
    const { workspace, name, version } = this;
    return { workspace, name, version: version ?? undefined };
  }

  private lose(version: string): void {
    const known = this.environment;
    if (!known) {
      return;
    }
    const versions = known.versions.filter(one => one !== version);
    if (known.version === version && versions.length > 0) {
      void this.show(null);
      return;
    }
    this.environment = { ...known, versions };
    this.isGone = versions.length === 0;
    this.changed.emit();
  }

  private restartLog(): void {
    this.logRound += 1;
    this.buildLog.restart('', 0, 0);
    this.buildLog.isKnown = false;
  }

  /** Read on from where the log was read to, and once more if it was asked for meanwhile. */
  private async fetchLog(): Promise<void> {
    this.isLogWanted = true;
    if (this.isLogRead) {
      return;
    }
    this.isLogRead = true;
    try {
      while (this.isLogWanted && this.environment) {
        this.isLogWanted = false;
        await this.readOn();
      }
    } catch (error) {
      // A version that was never built has no log; the next event asks again.
      this.logProblem = (error as Error).message;
    } finally {
      this.isLogRead = false;
    }
    clearTimeout(this.logTimer);
    if (this.readers > 0 && this.isFollowing && this.environment?.state === 'building') {
      this.logTimer = setTimeout(() => void this.fetchLog(), LOG_PAUSE);
    }
  }

  private async readOn(): Promise<void> {
    const [round, log] = [this.logRound, this.buildLog];
    const { text, offset, end, size } = await this.live.rest.buildLog(this.wanted, log.end);
    if (round !== this.logRound) {
      this.isLogWanted = true;
      return;
    }
    this.logProblem = null;
    if (size < log.end) {
      // Another build has begun the log anew.
      this.restartLog();
      this.isLogWanted = true;
      return;
    }
    log.hear({ type: 'log', runId: '', name: BUILD_LOG, offset, end, text });
    this.isLogWanted ||= end < size && end > offset;
  }

  lockProblem: string | null = null;
  runsProblem: string | null = null;
  logProblem: string | null = null;
  private version: string | null = null;
  private readers = 0;
  private logRound = 0;
  private logTimer: ReturnType<typeof setTimeout> | undefined;
  private isLogRead = false;
  private isLogWanted = false;
  private readonly buildLog = new LogModel(BUILD_LOG);
}
