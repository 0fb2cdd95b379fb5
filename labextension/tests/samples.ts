import type { Feed, Follower, ModelQuery, Rest, Wanted } from '../src/tokens';
import { CELL_RUNNER } from '../src/wire';
import type {
  WireCard,
  WireCompute,
  WireComputeKind,
  WireComputeSetting,
  WireDataset,
  WireDatastore,
  WireEnvironment,
  WireEvent,
  WireJob,
  WireModel,
  WireRun,
  WireSeries
} from '../src/wire';

/** A run that runs; give what is different about it. */
export function aRun(different: Partial<WireRun> = {}): WireRun {
  return {
    runId: 'diabetes_1_a',
    workspace: 'default',
    experiment: 'diabetes',
    number: 1,
    status: 'Running',
    createdAt: '2026-11-21T12:00:00.000000Z',
    changedAt: '2026-11-21T12:00:01.000000Z',
    startedAt: '2026-11-21T12:00:01.000000Z',
    endedAt: null,
    seq: 1,
    type: 'azureml.scriptrun',
    displayName: 'ridge',
    description: '',
    target: 'local',
    job: null,
    script: 'train.py',
    arguments: [],
    parameters: {},
    tags: {},
    properties: {},
    parentId: null,
    origin: null,
    snapshotId: null,
    submittedBy: null,
    attempt: 1,
    reason: null,
    cancelRequested: false,
    exitCode: null,
    error: null,
    warnings: [],
    metrics: {},
    ...different
  };
}

/** The job of a cell whose first line is the editor's second. */
export function aCell(): WireJob {
  return {
    command: ['-m', CELL_RUNNER, 'cell.py'],
    interpreter: 'python',
    environment: 'default',
    environmentVariables: {},
    target: 'local',
    timeout: null,
    grace: 10,
    lineOffset: 1,
    limits: {},
    distribution: null
  };
}

export function aCard(different: Partial<WireCard> = {}): WireCard {
  return {
    run: aRun(),
    metrics: null,
    log: null,
    files: [],
    images: {},
    savedAt: '2026-11-21T12:01:01.000000Z',
    ...different
  };
}

export function aSeries(x: number[], y: number[] = x): WireSeries {
  return { x, y, t: x, count: x.length, last: y.at(-1) ?? null };
}

/** An environment that is ready; give what is different about it. */
export function anEnvironment(different: Partial<WireEnvironment> = {}): WireEnvironment {
  return {
    workspace: 'default',
    name: 'sklearn',
    version: '1',
    versions: ['1'],
    kind: 'pip',
    curated: false,
    createdAt: '2026-11-21T12:00:00.000000Z',
    definition: {},
    specification: '',
    state: 'ready',
    reason: null,
    key: 'k1',
    size: 1_000_000,
    builtAt: null,
    warnings: [],
    runs: 0,
    ...different
  };
}

/** A version of a model; give what is different about it. */
export function aModel(different: Partial<WireModel> = {}): WireModel {
  const { name, version } = { name: 'ridge', version: '1', ...different };
  return {
    workspace: 'default',
    name,
    version,
    id: `${name}:${version}`,
    createdAt: '2026-11-21T12:00:00.000000Z',
    createdBy: 'ann',
    description: '',
    framework: null,
    frameworkVersion: null,
    tags: {},
    properties: {},
    aliases: [],
    root: 'model.pkl',
    size: 1_000,
    fileCount: 1,
    runId: null,
    experiment: null,
    datasets: [],
    sampleInput: null,
    sampleOutput: null,
    resources: null,
    isPacked: false,
    ...different
  };
}

/** A compute target that somebody created; give what is different about it. */
export function aTarget(different: Partial<WireCompute> = {}): WireCompute {
  return {
    name: 'cluster',
    workspace: 'default',
    type: 'AmlCompute',
    kind: 'cluster',
    slots: 4,
    busy: 0,
    waiting: 0,
    state: 'Succeeded',
    why: null,
    refusal: null,
    minNodes: 0,
    maxNodes: 4,
    mostNodes: 4,
    idleSeconds: 1800,
    vmSize: '',
    vmPriority: 'dedicated',
    nodes: [],
    kernels: [],
    takesKernels: true,
    settings: {},
    description: '',
    tags: {},
    isAttached: false,
    isStopped: false,
    createdAt: '2026-11-21T12:00:00.000000Z',
    changedAt: null,
    ...different
  };
}

/** A kind of compute targets; give what is different about it. */
export function aKind(different: Partial<WireComputeKind> = {}): WireComputeKind {
  return {
    name: 'cluster',
    type: 'AmlCompute',
    label: 'Cluster of nodes',
    help: '',
    hasNodes: true,
    isScaled: true,
    isKnownOnly: false,
    isAttached: false,
    settings: [],
    ...different
  };
}

/** A setting of a kind; give what is different about it. */
export function aSetting(different: Partial<WireComputeSetting> = {}): WireComputeSetting {
  return {
    name: 'host',
    label: 'Host',
    type: 'text',
    help: '',
    required: false,
    choices: [],
    default: null,
    ...different
  };
}

/** A version of a data set; give what is different about it. */
export function aDataset(different: Partial<WireDataset> = {}): WireDataset {
  return {
    workspace: 'default',
    name: 'patients',
    version: '1',
    versions: ['1'],
    id: 'an-id',
    kind: 'tabular',
    description: '',
    tags: {},
    createdAt: '2026-11-21T12:00:00.000000Z',
    source: 'blob/a.csv',
    sources: [{ datastore: 'blob', path: 'a.csv' }],
    steps: [],
    files: null,
    ...different
  };
}

export function aDatastore(different: Partial<WireDatastore> = {}): WireDatastore {
  return {
    workspace: 'default',
    name: 'blob',
    kind: 'AzureBlob',
    url: 'file:///data',
    options: {},
    builtIn: true,
    isDefault: true,
    isDatabase: false,
    version: '1',
    createdAt: '2026-11-21T12:00:00.000000Z',
    ...different
  };
}

/** A server in memory: it holds logs and pages, and hands its followers what is pushed. */
export class FakeServer implements Feed {
  readonly followers: Follower[] = [];
  readonly asked: object[] = [];
  logs: Record<string, string> = {};
  pages: WireRun[][] = [[]];
  experiments: Record<string, number> = {};
  environments: WireEnvironment[] = [];
  models: WireModel[] = [];
  targets: WireCompute[] = [];
  /** How often targets were asked for. */
  targetReads = 0;
  runs: Record<string, WireRun> = {};
  /** How often models were asked for. */
  modelReads = 0;
  failure: Error | null = null;
  logReads = 0;

  readonly rest = {
    filesPage: async () => ({ runId: '', files: [], total: 0, next: null }),
    picture: async () => null,
    fileUrl: (runId: string, name: string) => `/aml/runs/${runId}/files/${name}`,
    logTail: async (_runId: string, name: string) => {
      const text = this.logs[name] ?? '';
      return { text, offset: 0, end: text.length, size: text.length };
    },
    environments: async () => {
      if (this.failure) {
        throw this.failure;
      }
      return this.environments;
    },
    environment: async ({ name, version }: Wanted) => {
      const all = this.environments.filter(one => one.name === name);
      return all.find(one => one.version === version) ?? all[0];
    },
    models: async ({ name, isNewest }: ModelQuery) => {
      this.modelReads += 1;
      if (this.failure) {
        throw this.failure;
      }
      const found = this.models.filter(one => name === undefined || one.name === name);
      const newest = found.filter(
        (one, i) => !isNewest || found.findIndex(other => other.name === one.name) === i
      );
      return { models: newest, total: newest.length, next: null };
    },
    removeAlias: async (_workspace: string, name: string, alias: string) => {
      this.models = this.models.map(one =>
        one.name === name ? { ...one, aliases: one.aliases.filter(each => each !== alias) } : one
      );
    },
    targets: async () => {
      this.targetReads += 1;
      return this.targets;
    },
    target: async ({ name }: Wanted) => {
      const found = this.targets.find(one => one.name === name);
      if (!found) {
        throw Object.assign(new Error(`there is no compute target '${name}'`), {
          name: 'NotFound'
        });
      }
      return found;
    },
    targetHistory: async () => [],
    targetKinds: async () => [aKind()],
    targetSizes: async () => [],
    run: async (runId: string) => {
      if (!(runId in this.runs)) {
        throw new Error(`There is no run ${runId}`);
      }
      return this.runs[runId];
    },
    buildLog: async (_wanted: Wanted, offset: number) => {
      this.logReads += 1;
      const text = this.logs.build ?? '';
      const from = Math.min(offset, text.length);
      return { text: text.slice(from), offset: from, end: text.length, size: text.length };
    },
    runs: async ({ after }: { after?: string | null }) => {
      const at = Number(after ?? 0);
      const next = at + 1 < this.pages.length ? String(at + 1) : null;
      const { experiments } = this;
      return { runs: this.pages[at], total: this.pages.flat().length, next, experiments };
    }
  } as unknown as Rest;

  readonly feed = this;

  follow(follower: Follower) {
    this.followers.push(follower);
    follower.link({ state: 'online', message: '' });
    const again = () => void this.asked.push(follower.ask());
    again();
    return {
      again,
      dispose: () => void this.followers.splice(this.followers.indexOf(follower), 1)
    };
  }

  retry() {}

  push(event: WireEvent) {
    this.followers.forEach(follower => follower.hear(event));
  }
}

/** An answer that is on its way until the test gives it. */
export function underway<T>() {
  let give: (answer: T) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const answer = new Promise<T>((resolve, reject) => {
    [give, fail] = [resolve, reject];
  });
  return { answer, give, fail };
}

/** Let everything that was promised happen. */
export async function settled() {
  await new Promise(resolve => setImmediate(resolve));
}
