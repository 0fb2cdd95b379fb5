/** The state of the list of environments, and the code that gets one of them. */

import type { WireEnvironment, WireEvent, WireSubscribe } from '../../wire';
import { Loaded } from '../common/loaded';

const SETTLE = 500;

/** The environments of one workspace: the newest version of each name, kept live. */
export class EnvironmentsModel extends Loaded {
  workspace = 'default';
  rows: WireEnvironment[] = [];
  hasLoaded = false;

  find(name: string): WireEnvironment | null {
    return this.rows.find(row => row.name === name) ?? null;
  }

  /** Show another workspace. */
  async show(workspace: string): Promise<void> {
    this.aim(workspace);
    await this.refresh();
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
    await this.load(
      () => this.live.rest.environments(this.workspace),
      rows => {
        [this.rows, this.hasLoaded] = [sorted(rows), true];
      }
    );
  }

  /** Load the list again in a moment, as when something may use an environment that did not. */
  soon(): void {
    if (this.isFollowing) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => void this.refresh(), SETTLE);
    }
  }

  override stop(): void {
    clearTimeout(this.waiting);
    super.stop();
  }

  /** Take what an event or the answer to a command says of a version. */
  take(environment: WireEnvironment): void {
    if (environment.workspace !== this.workspace) {
      return;
    }
    this.remember(() => this.take(environment));
    const known = this.find(environment.name);
    const isNewest = environment.versions[0] === environment.version;
    if (!known && isNewest) {
      this.rows = sorted([...this.rows, environment]);
    } else if (known && (isNewest || known.version === environment.version)) {
      this.rows = this.rows.map(row => (row === known ? environment : row));
    }
    this.changed.emit();
  }

  /** A version is gone: the newest one that is left takes its place. */
  drop(name: string, version: string): void {
    this.remember(() => this.drop(name, version));
    const known = this.find(name);
    if (!known) {
      return;
    }
    const versions = known.versions.filter(one => one !== version);
    if (known.version !== version) {
      this.rows = this.rows.map(row => (row === known ? { ...known, versions } : row));
    } else {
      this.rows = this.rows.filter(row => row !== known);
      if (versions.length > 0) {
        void this.refresh();
      }
    }
    this.changed.emit();
  }

  // ---- follower of the socket

  ask(): WireSubscribe {
    return { type: 'subscribe', topic: 'environments', workspace: this.workspace };
  }

  hear(event: WireEvent): void {
    if (event.type === 'environment') {
      this.take(event.environment);
    } else if (event.type === 'environmentGone') {
      this.drop(event.name, event.version);
    }
  }

  private waiting: ReturnType<typeof setTimeout> | undefined;
}

/** Whether all these words stand in the name, the kind, the state or the version. */
export function matches(one: WireEnvironment, filter: string): boolean {
  const text = `${one.name}:${one.version} ${one.kind} ${one.state}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

/** The code that gets the environment. */
export function environmentCode({ name, version, workspace }: WireEnvironment): string {
  return [
    'from azureml.core import Environment, Workspace',
    '',
    `ws = Workspace.get(${JSON.stringify(workspace)})`,
    `env = Environment.get(ws, ${JSON.stringify(name)}, version=${JSON.stringify(version)})`
  ].join('\n');
}

/** One's own by name, then those that come with the server. */
function sorted(rows: WireEnvironment[]): WireEnvironment[] {
  return [...rows].sort(
    (one, other) =>
      Number(one.curated) - Number(other.curated) || one.name.localeCompare(other.name)
  );
}
