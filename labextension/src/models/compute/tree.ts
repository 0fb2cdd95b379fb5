/** The tree of targets: what is on each of them is below it. */

import type { Trans } from '../../tokens';
import type {
  WireCompute,
  WireKernel,
  WireKernelSpec,
  WireRun,
  WireTargetKernel
} from '../../wire';
import { withWords } from '../common/names';
import { FINAL } from '../common/words';
import { targetFace } from './faces';

/** One row of the tree: a target, or something on it. */
export type TargetNode = { target: WireCompute; id: string; depth: number; isOpen: boolean } & (
  | { kind: 'target' | 'nodes' | 'waiting' | 'why' | 'nothing' }
  | { kind: 'run'; run: WireRun }
  | { kind: 'kernel'; kernel: WireKernel }
  /** A kernel that waits for the target, or that has no Jupyter server any more. */
  | { kind: 'other'; other: WireTargetKernel }
);

/** All that the tree is made of. */
export interface Ground {
  targets: readonly WireCompute[];
  /** The runs of the workspace that have not ended. */
  runs: readonly WireRun[];
  kernels: readonly WireKernel[];
  specs: readonly WireKernelSpec[];
  /** The names of the targets that are open. */
  open: ReadonlySet<string>;
  filter: string;
}

/** The target that always exists: this machine. */
export const LOCAL = 'local';

/** So many runs of a target are rows; its page has all of them. */
const MOST_RUNS = 20;

/** The rows that are seen, from top to bottom. */
export function targetNodes(ground: Ground, trans: Trans): TargetNode[] {
  const matches = withWords(ground.filter);
  return ground.targets
    .filter(target => matches(wordsOf(target, trans)))
    .flatMap(target => {
      const isOpen = ground.open.has(target.name);
      const row = {
        target,
        id: `target-${target.name}`,
        depth: 0,
        isOpen,
        kind: 'target'
      } as const;
      return isOpen ? [row, ...below(target, ground)] : [row];
    });
}

function below(target: WireCompute, { runs, kernels, specs }: Ground): TargetNode[] {
  const row = { target, depth: 1, isOpen: false };
  const plain = (kind: 'nodes' | 'waiting' | 'why' | 'nothing'): TargetNode => ({
    ...row,
    kind,
    id: `${kind}-${target.name}`
  });
  const running = runs.filter(run => run.target === target.name && isOnIt(run));
  const there = kernels.filter(kernel => computeOf(kernel, specs) === target.name);
  const others = target.kernels.filter(({ id }) => !kernels.some(one => one.kernelId === id));
  const rows: TargetNode[] = [
    ...(target.why !== null || target.refusal !== null ? [plain('why')] : []),
    ...(target.nodes.length > 0 ? [plain('nodes')] : []),
    ...running
      .slice(0, MOST_RUNS)
      .map(run => ({ ...row, kind: 'run' as const, id: `run-${run.runId}`, run })),
    ...(target.waiting > 0 ? [plain('waiting')] : []),
    ...there.map(kernel => ({
      ...row,
      kind: 'kernel' as const,
      id: `kernel-${kernel.kernelId}`,
      kernel
    })),
    ...others.map(other => ({ ...row, kind: 'other' as const, id: `kernel-${other.id}`, other }))
  ];
  return rows.length > 0 ? rows : [plain('nothing')];
}

/** Whether a run has its place on the target, and neither waits for it nor is made ready. */
export function isOnIt({ status }: WireRun): boolean {
  return !FINAL.has(status) && !isBeforeIt(status);
}

/** Whether a run has been sent to the target, and is not on it yet. */
export function isBeforeIt(status: WireRun['status']): boolean {
  return status === 'NotStarted' || status === 'Preparing' || status === 'Queued';
}

/** The target of a kernel: where it is a job, else that of its kernelspec, else this machine. */
export function computeOf(kernel: WireKernel, specs: readonly WireKernelSpec[]): string {
  const told = kernel.compute ?? specs.find(spec => spec.spec === kernel.spec)?.compute;
  return told || LOCAL;
}

function wordsOf(target: WireCompute, trans: Trans): string {
  const { name, type, kind, tags, description } = target;
  const labels = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return [name, type, kind, trans(targetFace(target).word), description, ...labels].join(' ');
}
