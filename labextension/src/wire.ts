/** The wire as types, never edited: .ci/wire_ts.py writes it from jupyter_aml/wire/. */

/** Grows when a page of one version cannot talk to a server of another. */
export const PROTOCOL = 2;

export const RUN_MIME = 'application/vnd.jupyter-aml.run+json';

/** The module that runs a cell as a script. */
export const CELL_RUNNER = 'jupyter_aml.sdk.cell_runner';

export type Status =
  | 'NotStarted'
  | 'Preparing'
  | 'Provisioning'
  | 'Queued'
  | 'Starting'
  | 'Running'
  | 'NotResponding'
  | 'CancelRequested'
  | 'Finalizing'
  | 'Completed'
  | 'Failed'
  | 'Canceled';

/** Which states a run may come to from each. */
export const MOVES: Readonly<Record<Status, readonly Status[]>> = {
  NotStarted: ['Preparing', 'Running', 'CancelRequested', 'Finalizing'],
  Preparing: ['Provisioning', 'Queued', 'CancelRequested', 'Finalizing'],
  Provisioning: ['Queued', 'CancelRequested', 'Finalizing'],
  Queued: ['Provisioning', 'Starting', 'CancelRequested', 'Finalizing'],
  Starting: ['Queued', 'Running', 'CancelRequested', 'Finalizing'],
  Running: ['Queued', 'NotResponding', 'CancelRequested', 'Finalizing'],
  NotResponding: ['Queued', 'Running', 'CancelRequested', 'Finalizing'],
  CancelRequested: ['Finalizing'],
  Finalizing: ['Completed', 'Failed', 'Canceled'],
  Completed: [],
  Failed: [],
  Canceled: []
};

/** The states that no move leads out of. */
export const FINAL: ReadonlySet<Status> = new Set<Status>(['Completed', 'Failed', 'Canceled']);

export type EnvironmentState = 'not built' | 'building' | 'ready' | 'failed';

/**
 * The handshake: who answers, and which protocol it speaks.
 *
 * `rootId` is what the root is called in its `root.json`: who reads the same there sees its files.
 */
export interface WireStatus {
  version: string;
  protocol: number;
  root: string;
  kind: 'jupyter' | 'headless';
  pid: number;
  epoch: number;
  defaultWorkspace: string;
  keepsPythonpath?: boolean;
  rootId?: string;
}

/** Every error answer: `error` is the name of the error class, `message` one sentence. */
export interface WireProblem {
  error: string;
  message: string;
  hint?: string;
}

/** A data set: a registered one (`version` None is the newest), or a definition. */
export interface WireInputDataset {
  name?: string | null;
  version?: string | null;
  definition?: Record<string, unknown>;
}

/**
 * An input of a run: a data set, or a path of a datastore.
 *
 * `place` is where the script finds it, once it is ready; of a direct one the id of the data set.
 * `behind` are folders that its files are links into.
 */
export interface WireInput {
  name: string;
  mode?: 'direct' | 'download' | 'mount';
  dataset?: WireInputDataset | null;
  datastore?: string | null;
  path?: string;
  pathOnCompute?: string | null;
  place?: string | null;
  behind?: string[];
}

/** The data set that an output becomes; `kind` is `file` or `tabular`. */
export interface WireRegistration {
  name: string;
  kind?: 'file' | 'tabular';
  description?: string;
  tags?: Record<string, string>;
  steps?: Record<string, unknown>[];
}

/**
 * An output of a run; `{run-id}` and `{output-name}` may stand in its path.
 *
 * `place` is where the script writes, `files` how many came to the datastore, `dataset` what it
 * has become.
 */
export interface WireOutput {
  name: string;
  kind?: 'file' | 'reference';
  mode?: 'mount' | 'upload';
  datastore?: string;
  path?: string;
  pathOnCompute?: string | null;
  overwrite?: boolean;
  globs?: string[];
  register?: WireRegistration | null;
  place?: string | null;
  files?: number | null;
  dataset?: WireInputDataset | null;
}

/** The inputs and outputs of a run. */
export interface WireRunData {
  inputs: WireInput[];
  outputs: WireOutput[];
}

/** Why a run failed. `line` is counted as the editor shows it. */
export interface WireFailure {
  message: string;
  type: string | null;
  code: string;
  line: number | null;
  file: string | null;
  hint: string | null;
  traceback: string | null;
}

/** The notebook cell a run was sent from. */
export interface WireOrigin {
  notebook: string | null;
  cellId: string | null;
  executionCount: number | null;
}

/** How much of its machine a run asks for and is kept to; memory in bytes. */
export interface WireLimits {
  cpus?: number;
  memory?: number;
  processes?: number;
  gpus?: number;
}

/**
 * The processes of a run: `processes` on each of its nodes, `servers` of all serve parameters.
 *
 * `kind` is `mpi`, `pytorch` or `tensorflow`.
 */
export interface WireDistribution {
  kind: string;
  processes: number;
  nodes: number;
  servers: number;
}

/**
 * What a run executes. Times are seconds.
 *
 * Variables that are secrets, by their names or because `secretVariables` names them, are `***`.
 */
export interface WireJob {
  command: string[];
  interpreter: string;
  environment: string;
  environmentVariables: Record<string, string>;
  secretVariables: string[];
  target: string;
  timeout: number | null;
  grace: number;
  lineOffset: number;
  priority: number;
  limits: WireLimits;
  distribution: WireDistribution | null;
}

/**
 * One run, as lists, cards and run.json hold it. Times are ISO 8601 in UTC.
 *
 * `loggedParameters` names those of its parameters that its script has logged: it was sent with
 * the others.
 */
export interface WireRun {
  runId: string;
  workspace: string;
  experiment: string;
  number: number;
  status: Status;
  createdAt: string;
  changedAt: string;
  startedAt: string | null;
  endedAt: string | null;
  seq: number;
  type: string;
  displayName: string | null;
  description: string;
  target: string;
  job: WireJob | null;
  script: string | null;
  arguments: string[];
  parameters: Record<string, unknown>;
  loggedParameters: string[];
  tags: Record<string, string>;
  properties: Record<string, string>;
  parentId: string | null;
  origin: WireOrigin | null;
  snapshotId: string | null;
  submittedBy: string | null;
  attempt: number;
  reason: string | null;
  cancelRequested: boolean;
  exitCode: number | null;
  error: WireFailure | null;
  warnings: string[];
  metrics: Record<string, number | string | null>;
}

/**
 * One page of a list of runs; `next` is given back as `after` for the next page.
 *
 * `children` says how many children each run of this page has, where it has any; `experiments`
 * how many of all these runs, not of this page alone, each experiment of the page has.
 */
export interface WireRunPage {
  runs: WireRun[];
  total: number;
  next: string | null;
  children: Record<string, number>;
  experiments: Record<string, number>;
}

/** An experiment with the number of its runs. */
export interface WireExperiment {
  name: string;
  workspace: string;
  createdAt: string;
  tags: Record<string, string>;
  runCount: number;
}

/** A workspace with what SDK v1 showed of it. */
export interface WireWorkspace {
  name: string;
  subscriptionId: string;
  resourceGroup: string;
  location: string;
  createdAt: string;
  tags: Record<string, string>;
  labels: Record<string, string>;
}

/** The runs that were, or with `dryRun` would be, deleted; size in bytes. */
export interface WirePrunedRuns {
  runIds: string[];
  size: number;
}

/** One scalar metric, thinned out for drawing; x is the step (ascending), t the time in s. */
export interface WireSeries {
  x: number[];
  y: (number | null)[];
  t: number[];
  count: number;
  last: number | null;
}

/** One logged thing that is not a number. */
export interface WireValue {
  kind:
    | 'text'
    | 'list'
    | 'row'
    | 'table'
    | 'image'
    | 'confusion_matrix'
    | 'accuracy_table'
    | 'predictions'
    | 'residuals';
  value: unknown;
  time: number;
  step: number | null;
}

/**
 * Metrics of a run. `cursor` is opaque: give it back to receive only what is newer.
 *
 * It is null in all but the last of several messages that together say what there is.
 */
export interface WireMetrics {
  runId: string;
  series: Record<string, WireSeries>;
  values: Record<string, WireValue[]>;
  cursor: number | null;
}

/** A file of a run under the name SDK v1 gave it; size in bytes, modified in epoch seconds. */
export interface WireFile {
  name: string;
  size: number;
  modified: number;
}

/** Files of a run, sorted by name; `total` counts all, `next` is given back as `after`. */
export interface WireFiles {
  runId: string;
  files: WireFile[];
  total: number;
  next: string | null;
}

/** A file of the stored source; hash is blake3 in hex. */
export interface WireSnapshotFile {
  path: string;
  size: number;
  hash: string;
}

/** What was sent with a run. */
export interface WireSnapshot {
  snapshotId: string;
  files: WireSnapshotFile[];
  excluded: string[];
}

/** The files of a source that a snapshot would hold, so that no others need to be sent. */
export interface WireWanted {
  wanted: string[];
}

/**
 * What a submission would send, and nothing done; sizes in bytes.
 *
 * `reason` is a sentence on when it would probably start on that target, where runs of a higher
 * `priority` go first.
 */
export interface WireDryRun {
  files: WireSnapshotFile[];
  excluded: string[];
  totalSize: number;
  command: string[];
  inputs: WireInput[];
  outputs: WireOutput[];
  target: string;
  priority: number;
  reason: string;
}

/** The state of the repository that the source was sent from; diffSize in bytes. */
export interface WireGit {
  repository: string | null;
  branch: string | null;
  commit: string;
  isDirty: boolean;
  diffSize: number;
}

/** The machine that a run ran on; memory in bytes. */
export interface WireHost {
  name: string;
  system: string;
  processor: string;
  cores: number;
  memory: number;
  gpus: string[];
}

/** What was recorded of a run without being asked; null where nothing could be learned. */
export interface WireFacts {
  runId: string;
  git: WireGit | null;
  python: string | null;
  packages: WirePackage[];
  host: WireHost | null;
}

/** Code that repeats a run, to be put into a cell and edited. */
export interface WireCell {
  text: string;
}

/** One thing in which two runs differ; null where a run does not have it. */
export interface WireChange {
  name: string;
  left: unknown;
  right: unknown;
}

/** A file of the source in which two runs differ; `diff` is a unified diff of text. */
export interface WireFileChange {
  path: string;
  state: 'added' | 'removed' | 'changed' | 'binary';
  diff: string | null;
}

/** All in which two runs differ. What is equal is not in it. */
export interface WireRunDifference {
  left: WireRun;
  right: WireRun;
  facts: WireChange[];
  parameters: WireChange[];
  metrics: WireChange[];
  packages: WireChange[];
  files: WireFileChange[];
}

/** A node of a compute target: what it does, since when, its runs and kernels by their ids. */
export interface WireNode {
  id: string;
  state: 'starting' | 'idle' | 'busy' | 'leaving' | 'lost';
  runs: string[];
  kernels: string[];
  since: string | null;
  address: string;
  note: string;
}

/**
 * A compute target and how busy it is.
 *
 * `state` is SDK v1's (`Succeeded`, `Creating`, `Resizing`, `Stopped`, `Failed`), `why` a
 * sentence where it is not well. `refusal` says why it takes no runs. One run may have
 * `mostNodes` nodes, or where that is null as many as a queue of its own gives. A setting
 * `secret://NAME` stands in the vault. Targets that nobody created have no workspace.
 * `kernels` are those that wait for a place or have one; `takesKernels` whether there can be any.
 */
export interface WireCompute {
  name: string;
  workspace: string | null;
  type: string;
  kind: string;
  slots: number;
  busy: number;
  waiting: number;
  state: string;
  why: string | null;
  refusal: string | null;
  minNodes: number;
  maxNodes: number;
  mostNodes: number | null;
  idleSeconds: number;
  vmSize: string;
  vmPriority: string;
  nodes: WireNode[];
  kernels: WireTargetKernel[];
  takesKernels: boolean;
  settings: Record<string, unknown>;
  description: string;
  tags: Record<string, string>;
  isAttached: boolean;
  isStopped: boolean;
  createdAt: string | null;
  changedAt: string | null;
}

/** How a target was from a moment on, until the next sample: places taken, nodes there. */
export interface WireComputeSample {
  at: string;
  slots: number;
  busy: number;
  waiting: number;
  nodes: number;
}

/** What a node of a size has; memory in bytes. */
export interface WireComputeSize {
  name: string;
  cores: number;
  memory: number;
  gpus: number;
}

/** A setting of a kind of targets, as a form offers it. */
export interface WireComputeSetting {
  name: string;
  label: string;
  type: 'text' | 'number' | 'flag' | 'choice' | 'lines' | 'secret';
  help: string;
  required: boolean;
  choices: string[];
  default: string | number | boolean | null;
}

/**
 * A kind of targets that can be created or attached, with its settings.
 *
 * `isScaled` says whether it may be chosen how many nodes there are, `isKnownOnly` that targets
 * of the kind are known by name and take no runs.
 */
export interface WireComputeKind {
  name: string;
  type: string;
  label: string;
  help: string;
  hasNodes: boolean;
  isScaled: boolean;
  isKnownOnly: boolean;
  isAttached: boolean;
  settings: WireComputeSetting[];
}

/** What was found where a target connects to. */
export interface WireComputeCheck {
  found: string;
}

/** A target that shall be there. What is left out has the default of SDK v1. */
export interface WireNewCompute {
  workspace?: string;
  name?: string;
  kind?: string;
  type?: string;
  minNodes?: number | null;
  maxNodes?: number | null;
  idleSeconds?: number | null;
  vmSize?: string | null;
  vmPriority?: string | null;
  settings?: Record<string, unknown>;
  description?: string;
  tags?: Record<string, string>;
}

/** What shall be other than it is; what is left out stays, a tag or setting of null goes. */
export interface WireComputeChange {
  workspace?: string;
  minNodes?: number | null;
  maxNodes?: number | null;
  idleSeconds?: number | null;
  description?: string | null;
  tags?: Record<string, string | null>;
  settings?: Record<string, unknown>;
  isStopped?: boolean | null;
}

/**
 * One version of an environment. `definition` is the JSON form of SDK v1.
 *
 * `reason` says what a build does now or why it failed; `size` is in bytes, `runs` counts the
 * runs that use it, and `versions` lists all versions of the name, newest first.
 * `specification` is what a user may edit: a conda specification as YAML.
 */
export interface WireEnvironment {
  workspace: string;
  name: string;
  version: string;
  versions: string[];
  kind: 'user-managed' | 'pip' | 'conda' | 'docker';
  curated: boolean;
  createdAt: string;
  definition: Record<string, unknown>;
  specification: string;
  state: EnvironmentState;
  reason: string | null;
  key: string | null;
  size: number | null;
  builtAt: string | null;
  warnings: string[];
  runs: number;
}

/** A package in a built environment. */
export interface WirePackage {
  name: string;
  version: string;
}

/** What exactly is in a built environment; `text` as the tool that made it writes it down. */
export interface WireLock {
  environment: string;
  version: string;
  key: string;
  python: string;
  text: string;
  packages: WirePackage[];
}

/** An environment as a process finds it, or how far its build is (`interpreter` is null). */
export interface WireMaterialised {
  state: EnvironmentState;
  reason: string | null;
  interpreter: string | null;
  image: string | null;
  variables: Record<string, string>;
  warnings: string[];
}

/** What is wrong with a text; line and column count from 1, null where no place is known. */
export interface WireMistake {
  message: string;
  line: number | null;
  column: number | null;
}

/** A specification that was looked at: what it would become, or what is wrong with it. */
export interface WireCheck {
  definition: Record<string, unknown> | null;
  mistakes: WireMistake[];
  warnings: string[];
}

/** What was, or with `dryRun` would be, removed; size in bytes. */
export interface WirePruned {
  keys: string[];
  size: number;
}

/**
 * A datastore. `kind` is SDK v1's type; `url` says where it is, under the settings of now.
 *
 * `options` are what it was registered with; a value `secret://NAME` stands in the vault.
 */
export interface WireDatastore {
  workspace: string;
  name: string;
  kind: string;
  url: string | null;
  options: Record<string, unknown>;
  builtIn: boolean;
  isDefault: boolean;
  isDatabase: boolean;
  version: string;
  createdAt: string;
}

/**
 * A file of a datastore: its name in its folder, bytes, seconds since 1970.
 *
 * Where all files below a folder are listed, its name is its path, and `etag` what the store
 * calls its content.
 */
export interface WireStoreFile {
  name: string;
  size: number | null;
  modified: number | null;
  etag?: string | null;
}

/**
 * What lies in a folder of a datastore; `next` is the name after which the next page begins.
 *
 * Folders come first, so that they are all on the first page.
 */
export interface WireStoreFolder {
  path: string;
  folders: string[];
  files: WireStoreFile[];
  total: number;
  next: string | null;
}

/** A path or glob on a datastore; without one a URL, or a path on the engine's machine. */
export interface WireDatasetSource {
  datastore: string | null;
  path: string;
}

/** What lay behind a version when it was registered; `size` in bytes. */
export interface WireDatasetFiles {
  count: number;
  size: number;
  digest: string;
  seen: string;
  changed: string | null;
}

/**
 * A version of a data set. `steps` say how it is read and what is kept of it.
 *
 * `versions` lists all versions of the name, newest first; `source` is its sources in words.
 * `sources` and `steps` are left out of lists.
 */
export interface WireDataset {
  workspace: string;
  name: string;
  version: string;
  versions: string[];
  id: string;
  kind: 'tabular' | 'file';
  description: string;
  tags: Record<string, string>;
  createdAt: string;
  source: string;
  sources: WireDatasetSource[];
  steps: Record<string, unknown>[];
  files: WireDatasetFiles | null;
}

/** A file as it was registered; `hash` is null where its content was not read. */
export interface WireDatasetFile {
  path: string;
  size: number | null;
  modified: string | null;
  hash: string | null;
}

/** Some of the files of a version, by path; `after` of the next call is the last of them. */
export interface WireDatasetFileList {
  files: WireDatasetFile[];
  total: number;
}

/** What is other now than it was when a version was registered; each list is cut at 1,000. */
export interface WireDatasetChanges {
  added: string[];
  removed: string[];
  changed: string[];
  count: number;
}

/**
 * Who has written a version of a data set and who uses it: the newest 20 of each.
 *
 * `readers` is how many runs read it in all. Models are those that were made with it.
 */
export interface WireDatasetLineage {
  name: string;
  version: string;
  writtenBy: WireRun[];
  readBy: WireRun[];
  readers: number;
  models: WireModel[];
}

/** A column of a table: its name and its type in the words of SDK v1's profiles. */
export interface WireColumn {
  name: string;
  type: string;
}

/** The first rows of a data set, or the first files; cells are text, number, boolean or null. */
export interface WirePreview {
  columns: WireColumn[];
  rows: (string | number | boolean | null)[][];
  more: boolean;
  warnings: string[];
}

/** How many values lie from `low` to `high`; of texts and flags how many are `label`. */
export interface WireBin {
  low: number | null;
  high: number | null;
  label: string | null;
  count: number;
}

/**
 * What is known of a column; numbers are null where it has none. Times are ISO 8601.
 *
 * `distinct` is null where there are too many to count in bounded memory.
 */
export interface WireColumnProfile {
  name: string;
  type: string;
  count: number;
  missing: number;
  distinct: number | null;
  min: string | number | null;
  max: string | number | null;
  mean: number | null;
  deviation: number | null;
  quantiles: Record<string, number>;
  histogram: WireBin[];
}

/** A profile of the rows that were read; `whole` says whether these were all. */
export interface WireProfile {
  rows: number;
  whole: boolean;
  columns: WireColumnProfile[];
  warnings: string[];
}

/** What may be told of a secret: all but its value. */
export interface WireSecret {
  name: string;
  contentType: string;
  changedAt: string;
}

/** Values of secrets by name; only the socket of the engine answers with them. */
export interface WireSecretValues {
  values: Record<string, string>;
}

/** An environment that was made a notebook kernel; `spec` is the name of its kernelspec. */
export interface WireKernelSpec {
  spec: string;
  displayName: string;
  workspace: string;
  environment: string;
  version: string | null;
  compute: string;
}

/**
 * A kernel that runs: of whom, for how long idle (seconds), memory in bytes, CPU in percent.
 *
 * `compute` is the target that it runs on, null for a kernel of this server's machine.
 */
export interface WireKernel {
  kernelId: string;
  spec: string;
  displayName: string;
  environment: string | null;
  notebook: string | null;
  state: string;
  idle: number | null;
  connections: number;
  startedAt: string;
  memory: number | null;
  cpu: number | null;
  pid: number | null;
  compute: string | null;
}

/**
 * The kernels that were made of environments, and all that run on this server.
 *
 * `python` is the interpreter that a kernelspec means which only says "python", and `folder` is
 * where the paths of notebooks begin, if they are files.
 */
export interface WireKernels {
  specs: WireKernelSpec[];
  running: WireKernel[];
  python: string;
  folder: string | null;
}

/** The Jupyter server of a kernel: its process, and where the paths of its notebooks begin. */
export interface WireKernelServer {
  pid: number;
  start: string;
  folder: string;
}

/** What a Jupyter server calls the notebook of a kernel. */
export interface WireKernelSession {
  id: string;
  path: string;
  name: string;
  type: string;
}

/**
 * A kernel on a compute target: where it stands, and why it waits or has ended.
 *
 * `hasServer` says whether its Jupyter server lives. `place` is the folder of its files, `door`
 * the port of this machine by which its keeper is reached.
 */
export interface WireTargetKernel {
  id: string;
  workspace: string;
  compute: string;
  environment: string;
  version: string | null;
  spec: string;
  displayName: string;
  notebook: string;
  session: WireKernelSession | null;
  server: WireKernelServer;
  hasServer: boolean;
  state: 'preparing' | 'queued' | 'starting' | 'running' | 'ended';
  reason: string | null;
  code: number | null;
  place: string;
  door: number;
  createdAt: string;
  endedAt: string | null;
}

/**
 * Body of POST /aml/compute-kernels. `connectionFile` is that of the Jupyter server.
 *
 * A kernel of that id which lives is taken over, where its own server is gone.
 */
export interface WireNewTargetKernel {
  id?: string;
  workspace?: string;
  compute?: string;
  environment?: string;
  version?: string | null;
  spec?: string;
  displayName?: string;
  notebook?: string;
  cwd?: string;
  connectionFile?: string;
  server?: WireKernelServer;
}

/** Body of PATCH /aml/compute-kernels/<id>: the session that it belongs to now. */
export interface WireTargetKernelChange {
  session: WireKernelSession;
}

/**
 * Data that a model was made with, and for what: a registered version, or a definition.
 *
 * `id` is that of the data set in SDK v1.
 */
export interface WireDataUse {
  scenario: string;
  id: string | null;
  name: string | null;
  version: string | null;
  definition: Record<string, unknown> | null;
}

/** What a service of a model needs. */
export interface WireResources {
  cpu: number | null;
  memoryInGb: number | null;
  gpu: number | null;
}

/**
 * A version of a model; `id` is `name:version`.
 *
 * `root` is the file or folder that its files are, `size` the bytes of all, `fileCount` how many.
 * `runId` is the run that made it, which may be gone; `isPacked` is SDK v1's `unpack`.
 */
export interface WireModel {
  workspace: string;
  name: string;
  version: string;
  id: string;
  createdAt: string;
  createdBy: string | null;
  description: string;
  framework: string | null;
  frameworkVersion: string | null;
  tags: Record<string, string>;
  properties: Record<string, string>;
  aliases: string[];
  root: string;
  size: number;
  fileCount: number;
  runId: string | null;
  experiment: string | null;
  datasets: WireDataUse[];
  sampleInput: WireDataUse | null;
  sampleOutput: WireDataUse | null;
  resources: WireResources | null;
  isPacked: boolean;
}

/** A page of versions, the newest first; `next` is the `after` of the page that follows. */
export interface WireModelPage {
  models: WireModel[];
  total: number;
  next: string | null;
}

/** A file of a model; `hash` is blake3 in hex. */
export interface WireModelFile {
  path: string;
  size: number;
  hash: string;
}

/** The files of a version of a model. */
export interface WireModelFiles {
  name: string;
  version: string;
  root: string;
  files: WireModelFile[];
}

/** The run that made a model, as it was then; `isThere` says whether it still is. */
export interface WireModelMaker {
  runId: string;
  experiment: string;
  environment: string | null;
  snapshotId: string | null;
  isThere: boolean;
}

/** What uses a model: a `run` that fetched it. */
export interface WireModelUse {
  kind: string;
  id: string;
  name: string;
  at: string | null;
}

/**
 * Where a version of a model comes from, and who uses it.
 *
 * `datasets` are those that were named for it, then those that the run was sent with.
 */
export interface WireModelLineage {
  name: string;
  version: string;
  maker: WireModelMaker | null;
  datasets: WireDataUse[];
  usedBy: WireModelUse[];
}

/** How many contents were, or with `dryRun` would be, removed; size in bytes. */
export interface WirePrunedContents {
  count: number;
  size: number;
}

/** The models that a run registered, and the ids of those that it fetched. */
export interface WireRunModels {
  registered: WireModel[];
  used: string[];
}

/** Body of POST /aml/workspaces. */
export interface WireNewWorkspace {
  name: string;
  subscriptionId?: string;
  resourceGroup?: string;
  location?: string;
  tags?: Record<string, string>;
  labels?: Record<string, string>;
  existOk?: boolean;
}

/** Body of PATCH /aml/workspaces/<name>; a tag of None goes away, labels are set. */
export interface WireWorkspaceChange {
  tags?: Record<string, string | null>;
  labels?: Record<string, string>;
}

/** Body of POST /aml/experiments. */
export interface WireNewExperiment {
  workspace: string;
  name: string;
  tags?: Record<string, string>;
}

/** Body of PATCH /aml/experiments/<name>: tags to set; one of null goes away. */
export interface WireExperimentTags {
  tags: Record<string, string | null>;
  workspace?: string;
}

/** The code of a run: a folder, and on top of it files given inline and globs below `base`. */
export interface WireSource {
  directory?: string;
  files?: Record<string, string>;
  include?: string[];
  base?: string;
  upload?: string;
}

/** The files below a folder of another machine, by size, and the texts of its ignore files. */
export interface WireFarSource {
  workspace?: string;
  upload?: string;
  part?: 'directory' | 'base';
  include?: string[];
  files?: Record<string, number>;
  ignores?: Record<string, string>;
}

/** Asks to look at a cell before it is a run; `cells` are the notebook's by execution count. */
export interface WireCellCheck {
  cells?: Record<string, string>;
}

/** How much of its machine a run shall have; memory in bytes, or as text such as `4g`. */
export interface WireNewLimits {
  cpus?: number;
  memory?: number | string;
  processes?: number;
  gpus?: number;
}

/** What a run shall execute; what is left out is as WireJob has it by default. */
export interface WireNewJob {
  command: string[];
  interpreter?: string;
  environment?: string;
  environmentVariables?: Record<string, string>;
  secretVariables?: string[];
  target?: string;
  timeout?: number | null;
  grace?: number;
  lineOffset?: number;
  priority?: number;
  limits?: WireNewLimits;
  distribution?: WireDistribution | null;
}

/**
 * Body of POST /aml/runs. `runId` makes a repeated call the same as the first.
 *
 * A word `DatasetConsumptionConfig:NAME` or `DatasetOutputConfig:NAME` of the job's command
 * becomes the place of that input or output.
 */
export interface WireSubmit {
  runId?: string;
  workspace?: string;
  experiment?: string;
  type?: string;
  displayName?: string;
  description?: string;
  tags?: Record<string, string>;
  properties?: Record<string, string>;
  parameters?: Record<string, unknown>;
  script?: string;
  arguments?: string[];
  job?: WireNewJob;
  source?: WireSource;
  origin?: WireOrigin;
  parentId?: string;
  process?: Record<string, unknown>;
  environment?: Record<string, unknown>;
  inputs?: WireInput[];
  outputs?: WireOutput[];
  dryRun?: boolean;
  ifChanged?: boolean;
  check?: WireCellCheck;
}

/** Body of POST /aml/runs/<id>/retry: what is to be other than it was. */
export interface WireRetry {
  runId?: string;
  displayName?: string;
  parameters?: Record<string, unknown>;
}

/** Body of POST /aml/prune: which ended runs to delete; `olderThan` in days, `keep` newest. */
export interface WirePruneRuns {
  workspace?: string;
  experiment?: string;
  olderThan?: number;
  keep?: number;
  status?: Status[];
  dryRun?: boolean;
}

/**
 * Body of POST /aml/environments: a definition, or a text in its place.
 *
 * `specification` is a conda specification (YAML) or, with `format` "pip", requirements.
 */
export interface WireNewEnvironment {
  workspace?: string;
  definition?: Record<string, unknown>;
  name?: string;
  specification?: string;
  format?: 'conda' | 'pip';
}

/**
 * Body of POST /aml/environments/<name>/build.
 *
 * `again` resolves anew instead of taking what an earlier build locked; `extras` are Python
 * requirements on top, as `ipykernel` for a kernel.
 */
export interface WireBuildRequest {
  workspace?: string;
  version?: string;
  again?: boolean;
  extras?: string[];
}

/** Body of POST /aml/environments/<name>/labels. */
export interface WireNewLabels {
  workspace?: string;
  version?: string;
  labels?: string[];
}

/** Body of POST /aml/environment-prune: unused for so many days, or more than so many bytes. */
export interface WirePruneEnvironments {
  olderThanDays?: number;
  keepBytes?: number;
  dryRun?: boolean;
}

/** Body of POST /aml/model-prune. */
export interface WirePruneModels {
  dryRun?: boolean;
}

/** Body of POST /aml/kernels: without a version the kernel follows the newest one. */
export interface WireNewKernelSpec {
  workspace?: string;
  environment?: string;
  version?: string;
  compute?: string;
  name?: string;
}

/**
 * Body of POST /aml/datasets: `definition` has `kind`, `sources` and `steps`.
 *
 * A name that another data set has is a conflict, unless it shall be a new version of it.
 */
export interface WireNewDataset {
  name: string;
  definition: Record<string, unknown>;
  workspace?: string;
  description?: string;
  tags?: Record<string, string>;
  createNewVersion?: boolean;
}

/** Body of PATCH /aml/datasets/<name>: what is given changes; a tag of null goes away. */
export interface WireDatasetPatch {
  version: string;
  workspace?: string;
  description?: string;
  tags?: Record<string, string | null>;
}

/** Body of PATCH /aml/runs/<id>: only what is given changes; a tag of null goes away. */
export interface WirePatch {
  displayName?: string;
  description?: string;
  tags?: Record<string, string | null>;
  properties?: Record<string, string>;
}

/**
 * The files of a model: a name among the files of a run, or a path on the engine's machine.
 *
 * With `upload` it is a name among the files that were sent with that id.
 * `stamp` is size and time of change in ns of what its caller sees there, as `7-1767355200000`;
 * `only` names what is taken of a folder, `root` what it is called then.
 */
export interface WireModelSource {
  runId?: string;
  upload?: string;
  path?: string;
  stamp?: string;
  only?: string[];
  root?: string;
}

/** Body of POST /aml/models: sent twice with one `key` it is one version. */
export interface WireNewModel {
  name: string;
  source: WireModelSource;
  workspace?: string;
  key?: string;
  tags?: Record<string, string>;
  properties?: Record<string, string>;
  description?: string;
  framework?: string | null;
  frameworkVersion?: string | null;
  runId?: string | null;
  datasets?: WireDataUse[];
  sampleInput?: WireDataUse | null;
  sampleOutput?: WireDataUse | null;
  resources?: WireResources | null;
}

/**
 * Body of PATCH /aml/models/<name>: tags to set, one of null goes away, or with `replaceTags`
 * all that there are to be; properties and data sets that come to those that are there.
 */
export interface WireModelChange {
  workspace?: string;
  version?: string;
  description?: string | null;
  tags?: Record<string, string | null>;
  replaceTags?: boolean;
  properties?: Record<string, string>;
  datasets?: WireDataUse[];
  sampleInput?: WireDataUse | null;
  sampleOutput?: WireDataUse | null;
  resources?: WireResources | null;
}

/** Body of POST /aml/models/<name>/aliases: a name for a version, which leaves the old one. */
export interface WireModelAlias {
  version: string;
  alias: string;
  workspace?: string;
}

/**
 * Body of POST /aml/datastores: SDK v1's type as `kind`, and its arguments as `options`.
 *
 * Options that are secrets are kept in the vault. A different one of that name is replaced only
 * with `overwrite`. With `dryRun` nothing is kept: the answer says where it would be.
 */
export interface WireNewDatastore {
  name: string;
  kind: string;
  workspace?: string;
  url?: string;
  options?: Record<string, unknown>;
  overwrite?: boolean;
  dryRun?: boolean;
}

/** Body of POST /aml/default-datastore. */
export interface WireDefaultDatastore {
  name: string;
  workspace?: string;
}

/** One secret of POST /aml/secrets. */
export interface WireNewSecret {
  name: string;
  value: string;
  contentType?: string;
}

/** Body of POST /aml/secrets: all of them are kept, or none. */
export interface WireNewSecrets {
  secrets: WireNewSecret[];
  workspace?: string;
}

/** Body of POST /aml/secret-values: which secrets are wanted, and the run that asks. */
export interface WireSecretNames {
  workspace?: string;
  names?: string[];
  runId?: string;
}

/**
 * Client to server. Topics: `run` (with runId), and with a workspace `runs`, `environments`
 * and `registered`.
 *
 * `logs` maps a log name to the byte from which to send; a log that is not named is not sent.
 * `metrics` is a cursor, `seq` the newest `run.seq` the client has seen. With `parentId` the topic
 * `runs` is about the children of that run alone. `turn` comes back with the metrics, so that what
 * an earlier subscription had sent already is not taken for what this one sends.
 */
export interface WireSubscribe {
  type: 'subscribe' | 'unsubscribe';
  topic: 'run' | 'runs' | 'environments' | 'registered';
  runId?: string;
  workspace?: string;
  parentId?: string;
  seq?: number;
  logs?: Record<string, number>;
  metrics?: number;
  turn?: number;
}

/** First message of a socket. */
export interface WireHello {
  type: 'hello';
  status: WireStatus;
}

/** A run changed (`run` and `runs` topics). */
export interface WireRunEvent {
  type: 'run';
  run: WireRun;
}

/**
 * Why runs wait has changed, as when a queue moves up: the new `run.reason` by id.
 *
 * It is computed when it is told: `run.seq` stays as it is.
 */
export interface WireReasonsEvent {
  type: 'reasons';
  reasons: Record<string, string>;
}

/** A run is gone. */
export interface WireDeletedEvent {
  type: 'deleted';
  runId: string;
  seq: number;
}

/** A piece of a log; `offset` and `end` are bytes of the file, `text` is decoded UTF-8. */
export interface WireLogEvent {
  type: 'log';
  runId: string;
  name: string;
  offset: number;
  end: number;
  text: string;
}

/**
 * Points of a run: with `replace` all there is of the names in it (thinned out), else newer
 * ones to append. Of very many names several messages follow each other.
 *
 * `metrics.series[...].count` and `last` always speak of the whole series; `turn` is that of the
 * subscription, where it had one.
 */
export interface WireMetricsEvent {
  type: 'metrics';
  replace: boolean;
  metrics: WireMetrics;
  turn?: number;
}

/** A version of an environment is new or changed, as while it is built. */
export interface WireEnvironmentEvent {
  type: 'environment';
  environment: WireEnvironment;
}

/** A version of an environment was deleted. */
export interface WireEnvironmentGoneEvent {
  type: 'environmentGone';
  workspace: string;
  name: string;
  version: string;
}

/** What is registered is new, changed or gone, or a target's nodes are: ask for it again. */
export interface WireRegisteredEvent {
  type: 'registered';
  noun: 'datastore' | 'dataset' | 'model' | 'compute';
  workspace: string;
  name: string;
}

/** The list of files of a run changed: ask for it again. */
export interface WireFilesEvent {
  type: 'files';
  runId: string;
}

/** This listener was too slow and events of the run were dropped: ask again by REST. */
export interface WireGapEvent {
  type: 'gap';
  runId: string;
}

/** A subscription could not be served. */
export interface WireProblemEvent {
  type: 'problem';
  runId: string | null;
  problem: WireProblem;
}

export type WireEvent =
  | WireHello
  | WireRunEvent
  | WireReasonsEvent
  | WireDeletedEvent
  | WireLogEvent
  | WireMetricsEvent
  | WireEnvironmentEvent
  | WireEnvironmentGoneEvent
  | WireRegisteredEvent
  | WireFilesEvent
  | WireGapEvent
  | WireProblemEvent;

/** The end of a log, kept in a notebook; `offset` is the byte where `text` starts. */
export interface WireLogTail {
  name: string;
  offset: number;
  text: string;
  size: number;
}

/** What a stored output holds of a run, enough to draw it with no server. */
export interface WireCard {
  run: WireRun;
  metrics: WireMetrics | null;
  log: WireLogTail | null;
  files: WireFile[];
  images: Record<string, string>;
  savedAt: string;
}

/** The data of MIME type `application/vnd.jupyter-aml.run+json`. */
export interface WireBundle {
  version: number;
  runId: string;
  workspace: string;
  show: 'full' | 'mini';
  snapshot: WireCard | null;
}

/** What a stored output holds of runs that are compared; `metrics` by run id, thinned out. */
export interface WireComparisonCard {
  runs: WireRun[];
  metrics: Record<string, WireMetrics>;
  savedAt: string;
}

/** The data of MIME type `application/vnd.jupyter-aml.comparison+json`. */
export interface WireComparison {
  version: number;
  runIds: string[];
  workspace: string;
  snapshot: WireComparisonCard | null;
}
