/** Lists of what is registered in a workspace, kept live. */

import type { IServer } from '../../tokens';
import type { WireEvent, WireRegisteredEvent, WireSubscribe } from '../../wire';
import { Loaded } from './loaded';

export type Noun = WireRegisteredEvent['noun'];

/** So long after the first news of many they are asked for, once for all. */
const SETTLE = 200;

/** Asks again a moment after it is told to, however often. */
export class Soon {
  constructor(
    private readonly act: () => void,
    private readonly settle = SETTLE
  ) {}

  again(): void {
    this.waiting ??= setTimeout(() => {
      this.waiting = null;
      this.act();
    }, this.settle);
  }

  stop(): void {
    clearTimeout(this.waiting ?? undefined);
    this.waiting = null;
  }

  private waiting: ReturnType<typeof setTimeout> | null = null;
}

/** The things of one noun in a workspace, one for each name. */
export abstract class RegisteredList<T extends { name: string }> extends Loaded {
  constructor(
    live: IServer,
    private readonly noun: Noun
  ) {
    super(live);
  }

  workspace = 'default';
  rows: T[] = [];
  hasLoaded = false;

  find(name: string): T | null {
    return this.rows.find(row => row.name === name) ?? null;
  }

  /** Turn to a workspace; whether that is another one. */
  aim(workspace: string): boolean {
    if (workspace === this.workspace) {
      return false;
    }
    this.forget();
    [this.workspace, this.rows, this.hasLoaded] = [workspace, [], false];
    this.changed.emit();
    if (this.isFollowing) {
      this.stop();
      this.start();
    }
    return true;
  }

  /** Load the list again. */
  async refresh(): Promise<void> {
    this.soon.stop();
    await this.load(
      () => this.list(),
      rows => {
        [this.rows, this.hasLoaded] = [rows, true];
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
    if (event.type === 'registered' && event.noun === this.noun) {
      this.soon.again();
    }
  }

  /** Ask the server for all of them, in the order in which they are shown. */
  protected abstract list(): Promise<T[]>;

  protected readonly soon = new Soon(() => void this.refresh());
}

/** A name of a thing as a text of Python. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A version as an argument of SDK v1, which wants a number. */
export function numbered(version: string): string {
  return /^[1-9]\d*$/.test(version) ? version : quoted(version);
}
