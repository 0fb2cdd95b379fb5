/** The state of one run, as its card, its page and a stored output show it. */

import { isUnreachable } from '../../api/problem';
import type { Follower, Following, IServer, Link } from '../../tokens';
import type {
  WireCard,
  WireEvent,
  WireFile,
  WireMetrics,
  WireRun,
  WireSubscribe,
  WireValue
} from '../../wire';
import { Pictures } from '../charts/pictures';
import { keptPoints, Series } from '../charts/series';
import type { Look } from '../charts/series';
import { Hearing } from '../common/hearing';
import { withReason } from '../common/reasons';
import { Signal } from '../common/signal';
import { FINAL } from '../common/words';
import { LogModel } from '../files/log';
import type { Reader } from '../files/paged';
import { listed, picturesOf } from './files';
import { byLogOrder, CONSOLE, isLog } from './logNames';
import { isPicture } from './stored';

const TAIL = 262_144;
const KEPT_TAIL = 65_536;
const KEPT_FILES = 200;
const MORE_FILES = 50_000;
const MOST_VALUES = 1_000;

/** Everything that the page knows of one run: from a stored card, from the server, or both. */
export class RunModel implements Follower {
  constructor(
    readonly runId: string,
    private readonly live: IServer | null = null
  ) {}

  /** The run, its files, the link or a problem changed. */
  readonly changed = new Signal();
  /** Points or values came in. */
  readonly measured = new Signal();

  run: WireRun | null = null;
  problem: string | null = null;
  /** When the stored card was made that this model began with. */
  savedAt: string | null = null;
  /** Whether the server has spoken of the run. */
  private isTold = false;
  isDeleted = false;
  files: WireFile[] = [];
  /** How many files there are; of very many only the first are here. */
  fileCount = 0;
  readonly series = new Map<string, Series>();
  readonly values = new Map<string, WireValue[]>();
  /** Pictures as data: addresses, for stored outputs. */
  readonly pictures = new Map<string, string>();
  /** How the charts of this run are drawn. */
  readonly look: Look = { isLog: false, byTime: false, smoothing: 0 };
  readonly charts = new Pictures();

  get isFinal(): boolean {
    return this.run !== null && FINAL.has(this.run.status);
  }

  get link_(): Link {
    return this.hearing.link;
  }

  get isLive(): boolean {
    return this.hearing.isHeard;
  }

  /** Of when that is which is shown, where no server brings it up to date. */
  get asOf(): string | null {
    return this.hearing.isAway ? (this.hearing.lostAt ?? this.savedAt) : null;
  }

  get hasServer(): boolean {
    return this.live !== null;
  }

  /** The way to the server, while there is one. */
  get way(): IServer | null {
    return this.isLive ? this.live : null;
  }

  /** The way to a server that was heard, though it may be away: what it gave is kept. */
  get server(): IServer | null {
    return this.hearing.wasHeard ? this.live : null;
  }

  /** Names of the logs, in the order of the numbers that some begin with; the console is next. */
  get logNames(): string[] {
    const names = new Set([CONSOLE, ...this.files.map(file => file.name).filter(isLog)]);
    for (const name of this.logs.keys()) {
      names.add(name);
    }
    return [...names].sort(byLogOrder);
  }

  readonly firstLog = CONSOLE;

  /** Reads any part of a log from the server; null where there is none to ask. */
  logReader(name: string): Reader | null {
    const { server } = this;
    return server && ((offset, limit) => server.rest.logBytes(this.runId, name, offset, limit));
  }

  /** Take a stored card, unless what is known already is newer. */
  restore(card: WireCard): void {
    // What the server has said stands: a stored card may be made up, its seq included.
    if (this.isTold || (this.run && this.run.seq > card.run.seq)) {
      return;
    }
    [this.run, this.savedAt] = [card.run, card.savedAt];
    this.files = card.files ?? [];
    this.fileCount = this.files.length;
    for (const [name, address] of Object.entries(card.images ?? {})) {
      // A notebook of a stranger must not make this page ask for anything elsewhere.
      if (isPicture(address)) {
        this.pictures.set(name, address);
      }
    }
    if (card.log) {
      this.log(card.log.name).restore(card.log);
    }
    if (card.metrics) {
      this.takeMetrics(card.metrics, true);
      // A stored curve is thinned out more than one that the server sends.
      this.cursor = undefined;
    }
    this.changed.emit();
  }

  /** What a stored output keeps; null while nothing is known. */
  card(): WireCard | null {
    if (!this.run) {
      return null;
    }
    const points = keptPoints(this.series.size);
    const series = [...this.series].map(([name, one]) => [name, one.wire(points)] as const);
    const log = this.logs.get(CONSOLE) ?? [...this.logs.values()][0];
    return {
      run: this.run,
      metrics: {
        runId: this.runId,
        series: Object.fromEntries(series),
        values: Object.fromEntries(this.values),
        cursor: null
      },
      log: log?.isKnown ? log.tail(KEPT_TAIL) : null,
      files: this.files.slice(0, KEPT_FILES),
      images: Object.fromEntries(this.pictures),
      savedAt: new Date().toISOString()
    };
  }

  /** A log, known or not yet. */
  log(name: string): LogModel {
    let log = this.logs.get(name);
    if (!log) {
      log = new LogModel(name);
      this.logs.set(name, log);
    }
    return log;
  }

  /** Keep a log up to date until the returned function is called. */
  readLog(name: string): () => void {
    this.readers.set(name, (this.readers.get(name) ?? 0) + 1);
    if (this.following && this.isLive && this.readers.get(name) === 1) {
      void this.fetchLog(name);
    }
    return () => {
      const left = (this.readers.get(name) ?? 1) - 1;
      if (left > 0) {
        this.readers.set(name, left);
      } else {
        this.readers.delete(name);
        this.following?.again();
      }
    };
  }

  /** Follow the run over the socket; nothing happens without a server. */
  start(): void {
    if (!this.live || this.following) {
      return;
    }
    this.following = this.live.feed.follow(this);
    this.isBehind = true;
    this.catchUp();
  }

  stop(): void {
    this.following?.dispose();
    this.following = null;
  }

  retry(): void {
    this.problem = null;
    this.live?.feed.retry();
    this.following?.again();
    this.changed.emit();
  }

  /** Ask the engine to cancel the run; the answer arrives as an event, too. */
  async cancel(): Promise<void> {
    if (this.live) {
      this.takeRun(await this.live.rest.cancel(this.runId));
    }
  }

  /** List the files as they are now. */
  async fetchFiles(): Promise<void> {
    if (!this.live || !this.isLive) {
      return;
    }
    if (this.isListing) {
      // A run that writes many files tells of them faster than they are listed.
      this.isListAgain = true;
      return;
    }
    this.isListing = true;
    try {
      const { files, total } = await listed(this.live.rest, this.runId, this.filesWanted);
      [this.files, this.fileCount] = [files, total];
      this.changed.emit();
    } catch (error) {
      // That nobody answers is told by the link, and they are listed again once somebody does.
      this.problem ??= isUnreachable(error) ? null : (error as Error).message;
      this.changed.emit();
    }
    this.isListing = false;
    if (this.isListAgain) {
      this.isListAgain = false;
      await this.fetchFiles();
    }
  }

  /** List more of very many files. */
  async moreFiles(): Promise<void> {
    this.filesWanted = this.files.length + MORE_FILES;
    await this.fetchFiles();
  }

  fileUrl(name: string, inline = false): string | null {
    return this.live && (this.link_.state !== 'missing' || this.server)
      ? this.live.rest.fileUrl(this.runId, name, inline)
      : null;
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    const logs: Record<string, number> = {};
    for (const name of this.readers.keys()) {
      const log = this.log(name);
      if (log.isKnown) {
        logs[name] = log.end;
      }
    }
    return {
      type: 'subscribe',
      topic: 'run',
      runId: this.runId,
      seq: this.run?.seq,
      logs,
      metrics: this.cursor
    };
  }

  link(link: Link): void {
    if (this.hearing.take(link)) {
      this.catchUp();
    }
    this.changed.emit();
  }

  hear(event: WireEvent): void {
    switch (event.type) {
      case 'run':
        return this.takeRun(event.run);
      case 'reasons':
        this.run = this.run && withReason(this.run, event.reasons);
        return this.changed.emit();
      case 'log':
        return this.log(event.name).hear(event);
      case 'metrics':
        this.takeMetrics(event.metrics, event.replace);
        return this.measured.emit();
      case 'files':
        return void this.fetchFiles();
      case 'gap':
        return this.following?.again();
      case 'deleted':
        this.isDeleted = true;
        return this.changed.emit();
      case 'problem':
        this.problem = event.problem.message;
        return this.changed.emit();
    }
  }

  /** Fetch what the socket does not push: the files, and at first the ends of the logs. */
  private catchUp(): void {
    if (!this.following || !this.isLive) {
      return;
    }
    void this.fetchFiles();
    for (const name of this.isBehind ? this.readers.keys() : []) {
      void this.fetchLog(name);
    }
    this.isBehind = false;
  }

  private takeRun(run: WireRun): void {
    if (this.isTold && this.run && run.seq < this.run.seq) {
      return;
    }
    this.isTold = true;
    const hasEnded = FINAL.has(run.status) && !this.isFinal;
    this.run = run;
    this.problem = null;
    if (hasEnded) {
      this.askForWhole();
      void this.fetchFiles().then(() => this.fetchPictures());
    }
    this.changed.emit();
  }

  /** The server thins out better than a page that saw the points come one by one. */
  private askForWhole(): void {
    if ([...this.series.values()].some(series => series.isThin)) {
      this.cursor = undefined;
      this.following?.again();
    }
  }

  private takeMetrics(metrics: WireMetrics, replace: boolean): void {
    for (const [name, points] of Object.entries(metrics.series)) {
      let one = this.series.get(name);
      if (!one) {
        one = new Series(name);
        this.series.set(name, one);
      }
      if (replace) {
        one.replace(points);
      } else {
        one.append(points);
      }
    }
    for (const [name, added] of Object.entries(metrics.values)) {
      const all = [...(replace ? [] : (this.values.get(name) ?? [])), ...added];
      this.values.set(name, all.slice(-MOST_VALUES));
    }
    this.cursor = metrics.cursor ?? undefined;
    this.measured.emit();
  }

  private async fetchLog(name: string): Promise<void> {
    const log = this.log(name);
    try {
      const piece = await this.live!.rest.logTail(this.runId, name, TAIL);
      if (piece.end >= log.end) {
        log.restart(piece.text, piece.offset, piece.end);
      }
    } catch {
      // A log that is not written yet is followed from its beginning.
      if (!log.isKnown) {
        log.restart('', 0, 0);
      }
    }
    this.following?.again();
  }

  private async fetchPictures(): Promise<void> {
    for (const [name, picture] of await picturesOf(this.live!.rest, this.runId, this.values)) {
      this.pictures.set(name, picture);
    }
  }

  private readonly hearing = new Hearing();
  private readonly logs = new Map<string, LogModel>();
  private readonly readers = new Map<string, number>();
  private cursor: number | undefined;
  private following: Following | null = null;
  private isBehind = false;
  private filesWanted = 1;
  private isListing = false;
  private isListAgain = false;
}
