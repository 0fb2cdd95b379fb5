/** The compute targets of a workspace, how busy they are, and the code that gets one. */

import type { IServer, Trans } from '../../tokens';
import type { WireCompute, WireComputeKind } from '../../wire';
import { quoted, RegisteredList } from '../common/registered';

/** Runs of other workspaces make this machine busy, too, and nobody here is told of them. */
const PAUSE = 3000;

/** The targets of one workspace, `local` first. */
export class TargetList extends RegisteredList<WireCompute> {
  constructor(
    live: IServer,
    private readonly pause = PAUSE
  ) {
    super(live, 'compute');
  }

  /** The kinds that can be created or attached, once the targets are there. */
  kinds: WireComputeKind[] = [];

  /** Load the list again in a moment, as when a run has come or gone. */
  stir(): void {
    if (this.isFollowing) {
      this.soon.again();
    }
  }

  /** Load the list again, and from then on while it is followed. */
  override async refresh(): Promise<void> {
    clearTimeout(this.next);
    await super.refresh();
    clearTimeout(this.next);
    if (this.isFollowing) {
      this.next = setTimeout(() => void this.refresh(), this.pause);
    }
  }

  override stop(): void {
    clearTimeout(this.next);
    super.stop();
  }

  protected async list(): Promise<WireCompute[]> {
    const { rest } = this.live;
    const [targets, kinds] = await Promise.all([
      rest.targets(this.workspace),
      this.kinds.length > 0 ? this.kinds : rest.targetKinds()
    ]);
    this.kinds = kinds;
    return targets;
  }

  private next: ReturnType<typeof setTimeout> | undefined;
}

/** Whether somebody has created or attached it, so that it can be changed and deleted. */
export function isOwn({ workspace }: WireCompute): boolean {
  return workspace !== null;
}

/** Whether it can be stopped and started: what was there before is not ours to stop. */
export function canStop(target: WireCompute): boolean {
  return isOwn(target) && !target.isAttached;
}

/** Whether it may be chosen how many nodes it has. */
export function isScaled(target: WireCompute, kinds: readonly WireComputeKind[]): boolean {
  return isOwn(target) && (kinds.find(kind => kind.name === target.kind)?.isScaled ?? false);
}

const SECRET = 'secret://';

/** The settings by their labels; a secret is in the vault, and its name there says nothing. */
export function settingsOf(
  { settings }: WireCompute,
  kind: WireComputeKind | null,
  trans: Trans
): Record<string, unknown> {
  const labels = new Map(kind?.settings.map(({ name, label }) => [name, label]));
  const shown = Object.entries(settings).map(([name, value]) => {
    const isSecret = typeof value === 'string' && value.startsWith(SECRET);
    return [labels.get(name) ?? name, isSecret ? trans('in the vault') : value];
  });
  return Object.fromEntries(shown);
}

/** The code that gets the target; `local` is named by runs, and need not be got. */
export function targetCode({ name }: WireCompute, workspace: string): string {
  return [
    'from azureml.core import Workspace',
    'from azureml.core.compute import ComputeTarget',
    '',
    `ws = Workspace.get(${quoted(workspace)})`,
    `target = ComputeTarget(ws, ${quoted(name)})`
  ].join('\n');
}

/** The first line of a cell that runs on the target. */
export function submitLine({ name }: Pick<WireCompute, 'name'>): string {
  return `%%aml submit -c ${name}`;
}
