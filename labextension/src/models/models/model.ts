/** The state of one model's page. */

import type { IServer, Wanted } from '../../tokens';
import type { WireEvent, WireModel, WireRun, WireSubscribe } from '../../wire';
import { Loaded } from '../common/loaded';
import { Soon } from '../common/registered';
import { byInterest } from '../common/words';

const MOST_VERSIONS = 1000;
/** Of so many versions the runs are asked for that made them. */
const MOST_MAKERS = 25;
const MOST_METRICS = 3;

/** One model as its page shows it: a version of it, all others, and the runs that made them. */
export class ModelPageModel extends Loaded {
  constructor(
    readonly workspace: string,
    readonly name: string,
    live: IServer
  ) {
    super(live);
  }

  model: WireModel | null = null;
  /** The newest first. */
  versions: WireModel[] = [];
  /** The runs that made versions, as far as they are known and still there. */
  readonly makers = new Map<string, WireRun>();
  /** Grows with each answer: what hangs together with the model is asked for again. */
  round = 0;
  /** Whether the model was deleted while it was looked at. */
  isGone = false;

  get rest(): IServer['rest'] {
    return this.live.rest;
  }

  /** What is shown, as the server is asked for it. */
  get wanted(): Wanted {
    const { workspace, name } = this;
    return { workspace, name, version: this.model?.version };
  }

  /** Show a version, or with null whichever is the newest. */
  async show(version: string | null): Promise<void> {
    this.version = version;
    this.choose();
    await this.refresh();
  }

  /** Load all versions again. */
  async refresh(): Promise<void> {
    this.soon.stop();
    const { workspace, name } = this;
    await this.load(
      () => this.live.rest.models({ workspace, name, limit: MOST_VERSIONS }),
      ({ models }) => {
        this.versions = byVersion(models);
        this.round += 1;
        this.choose();
      }
    );
    await this.loadMakers();
  }

  /** Take an alias away from the version that is shown. */
  async dropAlias(alias: string): Promise<void> {
    await this.live.rest.removeAlias(this.workspace, this.name, alias);
    await this.refresh();
  }

  /** The metrics that tell the versions apart, the most telling first. */
  metricNames(): string[] {
    const names = new Set([...this.makers.values()].flatMap(run => Object.keys(run.metrics)));
    return [...names].sort(byInterest).slice(0, MOST_METRICS);
  }

  override stop(): void {
    this.soon.stop();
    super.stop();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'registered', workspace: this.workspace };
  }

  hear(event: WireEvent): void {
    if (event.type === 'registered' && event.noun === 'model' && event.name === this.name) {
      this.soon.again();
    }
  }

  private choose(): void {
    const { versions, version } = this;
    const chosen = versions.find(one => one.version === version) ?? versions[0] ?? null;
    this.isGone = chosen === null && this.model !== null;
    this.model = chosen ?? this.model;
    if (chosen === null && this.model === null && this.round > 0) {
      this.problem = `There is no model ${this.name} in workspace ${this.workspace}.`;
    }
    this.changed.emit();
  }

  private async loadMakers(): Promise<void> {
    const ids = this.versions.slice(0, MOST_MAKERS).flatMap(({ runId }) => runId ?? []);
    const unknown = [...new Set(ids)].filter(id => !this.makers.has(id));
    await Promise.all(
      unknown.map(async id => {
        // A run that is gone leaves its models behind.
        const run = await this.live.rest.run(id).catch(() => null);
        if (run) {
          this.makers.set(id, run);
        }
      })
    );
    if (unknown.length > 0) {
      this.changed.emit();
    }
  }

  private version: string | null = null;
  private readonly soon = new Soon(() => void this.refresh());
}

function byVersion(models: WireModel[]): WireModel[] {
  return [...models].sort((one, other) => Number(other.version) - Number(one.version));
}
