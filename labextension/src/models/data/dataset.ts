/** The state of one data set's page. */

import type { IServer, Wanted } from '../../tokens';
import type { WireDataset, WireEvent, WireSubscribe } from '../../wire';
import { Loaded } from '../common/loaded';
import { Soon } from '../common/registered';

/** One data set as its page shows it: a version of it, kept live. */
export class DatasetPageModel extends Loaded {
  constructor(
    readonly workspace: string,
    readonly name: string,
    live: IServer
  ) {
    super(live);
  }

  dataset: WireDataset | null = null;
  /** Grows with each answer: what hangs together with the data set is asked for again. */
  round = 0;
  /** Whether the data set was deleted while it was looked at. */
  isGone = false;

  get rest(): IServer['rest'] {
    return this.live.rest;
  }

  /** What is shown, as the server is asked for it. */
  get wanted(): Wanted {
    const { workspace, name } = this;
    return { workspace, name, version: this.dataset?.version };
  }

  /** Show a version, or with null whichever is the newest. */
  async show(version: string | null): Promise<void> {
    this.version = version;
    await this.refresh();
  }

  /** Load the version again. */
  async refresh(): Promise<void> {
    this.soon.stop();
    const { workspace, name } = this;
    await this.load(
      () => this.found({ workspace, name, version: this.version ?? undefined }),
      dataset => {
        this.isGone = dataset === null;
        this.dataset = dataset ?? this.dataset;
        this.round += 1;
      }
    );
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
    if (event.type === 'registered' && event.noun === 'dataset' && event.name === this.name) {
      this.soon.again();
    }
  }

  /** The version; the newest one where it is gone, and null where all of them are. */
  private async found(wanted: Wanted): Promise<WireDataset | null> {
    try {
      return await this.live.rest.dataset(wanted);
    } catch (error) {
      if (this.dataset === null || (error as Error).name !== 'NotFound') {
        throw error;
      }
      if (wanted.version === undefined) {
        return null;
      }
      this.version = null;
      return this.found({ ...wanted, version: undefined });
    }
  }

  private version: string | null = null;
  private readonly soon = new Soon(() => void this.refresh());
}
