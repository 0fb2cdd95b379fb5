/** What the rooms of the front end know of each other: interfaces, and the tokens of Lab. */

import type { LabIcon } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { Widget } from '@lumino/widgets';
import type {
  WireBuildRequest,
  WireCell,
  WireCheck,
  WireCompute,
  WireComputeChange,
  WireComputeCheck,
  WireComputeKind,
  WireComputeSample,
  WireComputeSize,
  WireDataset,
  WireDatasetChanges,
  WireDatasetFileList,
  WireDatasetLineage,
  WireDatasetPatch,
  WireDatastore,
  WireEnvironment,
  WireEvent,
  WireExperiment,
  WireFacts,
  WireFile,
  WireFiles,
  WireKernelSpec,
  WireKernels,
  WireLock,
  WireMaterialised,
  WireMetrics,
  WireModel,
  WireModelAlias,
  WireModelChange,
  WireModelFiles,
  WireModelLineage,
  WireModelPage,
  WireNewCompute,
  WireNewEnvironment,
  WireNewKernelSpec,
  WirePreview,
  WireProfile,
  WireRetry,
  WireRun,
  WireRunData,
  WireRunDifference,
  WireRunModels,
  WireRunPage,
  WireSnapshot,
  WireStatus,
  WireStoreFolder,
  WireSubmit,
  WireSubscribe,
  WireWorkspace
} from './wire';

export * from './commands';

/** Translates a text; `%1`, `%2` stand for the arguments. */
export type Trans = (text: string, ...args: (string | number)[]) => string;

/** How the page stands with the server. `missing` and `outdated` do not mend by themselves. */
export type LinkState = 'idle' | 'connecting' | 'online' | 'offline' | 'missing' | 'outdated';

/** A state of the link, with the sentence that a user reads. */
export interface Link {
  state: LinkState;
  message: string;
}

/** One who follows a topic of the event socket. */
export interface Follower {
  /** Which topic, and from which durable positions on; asked again for every (re)connect. */
  ask(): WireSubscribe;
  hear(event: WireEvent): void;
  link(link: Link): void;
}

/** A topic that is followed, until it is disposed of. */
export interface Following {
  /** Ask again, as the positions or the logs that are wanted have changed. */
  again(): void;
  dispose(): void;
}

/** The event socket, as models see it. */
export interface Feed {
  follow(follower: Follower): Following;
  /** Try again at once, also after a state that does not mend by itself. */
  retry(): void;
}

/** A piece of a log. */
export interface LogPiece {
  text: string;
  offset: number;
  end: number;
  size: number;
}

/** Some bytes of a file from `offset` on, and how long the file is. */
export interface Bytes {
  data: Uint8Array;
  offset: number;
  size: number;
}

/** What is downloaded in one piece. */
export type Archived = 'run' | 'outputs' | 'snapshot';

/** The REST calls about what is in one run. */
export interface RunRest {
  metrics(runId: string): Promise<WireMetrics>;
  /** One series with at most so many points; 0 for all of them. */
  series(runId: string, name: string, points: number): Promise<WireMetrics>;
  /** What the machine did while the run ran. */
  systemMetrics(runId: string): Promise<WireMetrics>;
  /** The first files by name; `filesPage` tells whether there are more. */
  files(runId: string): Promise<WireFile[]>;
  filesPage(runId: string, after: string | null): Promise<WireFiles>;
  /** At most `limit` bytes of a file. */
  fileBytes(runId: string, name: string, offset: number, limit: number): Promise<Bytes>;
  fileUrl(runId: string, name: string, inline?: boolean): string;
  /** The picture as a data: address, or null where it is larger than `limit` bytes. */
  picture(runId: string, name: string, limit: number): Promise<string | null>;
  logTail(runId: string, name: string, bytes: number): Promise<LogPiece>;
  /** At most `limit` bytes of a log. */
  logBytes(runId: string, name: string, offset: number, limit: number): Promise<Bytes>;
  snapshot(runId: string): Promise<WireSnapshot>;
  snapshotBytes(runId: string, path: string, offset: number, limit: number): Promise<Bytes>;
  snapshotUrl(runId: string, path: string, inline?: boolean): string;
  archiveUrl(runId: string, what: Archived): string;
  facts(runId: string): Promise<WireFacts>;
  /** What the run reads and writes besides its own folder. */
  runData(runId: string): Promise<WireRunData>;
}

/** The REST calls that compare runs and make new ones. */
export interface RepeatRest {
  difference(runId: string, other: string): Promise<WireRunDifference>;
  /** Code that repeats the run. */
  cell(runId: string): Promise<WireCell>;
  retry(runId: string, body: WireRetry): Promise<WireRun>;
  submit(body: WireSubmit): Promise<WireRun>;
}

/** Which runs of a workspace are wanted, in the words of the filter language. */
export interface RunQuery {
  workspace: string;
  filter?: string;
  sort?: string;
  limit?: number;
  after?: string | null;
}

/** A version of something registered; without a version the newest one is meant. */
export interface Wanted {
  workspace: string;
  name: string;
  version?: string;
}

/** The REST calls about where runs and kernels are. */
export interface ComputeRest {
  /** All targets of a workspace, `local` first. */
  targets(workspace: string): Promise<WireCompute[]>;
  target(wanted: Wanted): Promise<WireCompute>;
  /** How busy it was lately, oldest first. */
  targetHistory(wanted: Wanted): Promise<WireComputeSample[]>;
  addTarget(body: WireNewCompute): Promise<WireCompute>;
  changeTarget(name: string, body: WireComputeChange): Promise<WireCompute>;
  removeTarget(wanted: Wanted): Promise<void>;
  /** What can be created or attached. */
  targetKinds(): Promise<WireComputeKind[]>;
  /** The sizes that nodes may have. */
  targetSizes(): Promise<WireComputeSize[]>;
  /** Connect to what a target would stand for; registers nothing. */
  checkTarget(body: WireNewCompute): Promise<WireComputeCheck>;
  kernels(): Promise<WireKernels>;
}

/** The REST calls about environments and the kernels in them. */
export interface EnvironmentRest {
  /** The newest version of each name. */
  environments(workspace: string): Promise<WireEnvironment[]>;
  environment(wanted: Wanted): Promise<WireEnvironment>;
  addEnvironment(body: WireNewEnvironment): Promise<WireEnvironment>;
  /** Without a version all versions of the name go. */
  removeEnvironment(wanted: Wanted): Promise<void>;
  buildEnvironment(name: string, body: WireBuildRequest): Promise<WireMaterialised>;
  /** How far the build is with these packages on top; starts nothing. */
  buildState(wanted: Wanted, extras: string[]): Promise<WireMaterialised>;
  /** The log of the last build from a byte on. */
  buildLog(wanted: Wanted, offset: number): Promise<LogPiece>;
  environmentLock(wanted: Wanted): Promise<WireLock>;
  checkEnvironment(body: WireNewEnvironment): Promise<WireCheck>;
  addKernel(body: WireNewKernelSpec): Promise<WireKernelSpec>;
  removeKernel(spec: string): Promise<void>;
}

/** Which versions of models are wanted. */
export interface ModelQuery {
  workspace: string;
  name?: string;
  /** Made with this data set, a name or `name:version`. */
  dataset?: string;
  /** The newest of each name alone. */
  isNewest?: boolean;
  limit?: number;
}

/** The REST calls about models. */
export interface ModelRest {
  /** The newest version first. */
  models(query: ModelQuery): Promise<WireModelPage>;
  model(wanted: Wanted): Promise<WireModel>;
  modelFiles(wanted: Wanted): Promise<WireModelFiles>;
  modelFileUrl(wanted: Wanted, file: string): string;
  /** All files as a zip file. */
  modelArchiveUrl(wanted: Wanted): string;
  modelLineage(wanted: Wanted): Promise<WireModelLineage>;
  changeModel(name: string, body: WireModelChange): Promise<WireModel>;
  /** Without a version all versions of the name go. */
  removeModel(wanted: Wanted): Promise<void>;
  /** Give a version a name, which leaves whichever version had it. */
  addAlias(name: string, body: WireModelAlias): Promise<WireModel>;
  removeAlias(workspace: string, name: string, alias: string): Promise<void>;
  /** The models that the run registered, and those that it fetched. */
  runModels(runId: string): Promise<WireRunModels>;
}

/** A file or folder of a datastore; the path of the datastore itself is empty. */
export interface StorePlace {
  workspace: string;
  store: string;
  path: string;
}

/** Which part of a file is sent: `upload` tells it from other uploads, `offset` is in bytes. */
export interface Piece {
  upload: string;
  offset: number;
  /** Whether the file is whole with it. */
  isLast: boolean;
  overwrite: boolean;
}

/** The REST calls about datastores and what lies on them. */
export interface StoreRest {
  datastores(workspace: string): Promise<WireDatastore[]>;
  chooseDatastore(workspace: string, name: string): Promise<WireDatastore>;
  removeDatastore(workspace: string, name: string): Promise<void>;
  /** What is in one folder, from `after` on. */
  storeFolder(place: StorePlace, after: string | null): Promise<WireStoreFolder>;
  storeFileUrl(place: StorePlace): string;
  sendPiece(place: StorePlace, piece: Piece, data: Blob): Promise<void>;
}

/** The REST calls about data sets. */
export interface DatasetRest {
  /** The newest version of each name. */
  datasets(workspace: string): Promise<WireDataset[]>;
  dataset(wanted: Wanted): Promise<WireDataset>;
  /** All versions, newest first. */
  datasetVersions(workspace: string, name: string): Promise<WireDataset[]>;
  datasetFiles(wanted: Wanted, after: string | null): Promise<WireDatasetFileList>;
  /** What is other now than when the version was registered. */
  datasetChanges(wanted: Wanted): Promise<WireDatasetChanges>;
  datasetLineage(wanted: Wanted): Promise<WireDatasetLineage>;
  datasetPreview(wanted: Wanted, rows: number): Promise<WirePreview>;
  datasetProfile(wanted: Wanted): Promise<WireProfile>;
  changeDataset(name: string, body: WireDatasetPatch): Promise<WireDataset>;
  /** Without a version all versions of the name go. */
  removeDataset(wanted: Wanted): Promise<void>;
}

/** The REST calls, as models see them. Each rejects with a problem that has name and message. */
export interface Rest
  extends EnvironmentRest, ComputeRest, RunRest, RepeatRest, ModelRest, StoreRest, DatasetRest {
  status(): Promise<WireStatus>;
  workspaces(): Promise<WireWorkspace[]>;
  experiments(workspace: string): Promise<WireExperiment[]>;
  runs(query: RunQuery): Promise<WireRunPage>;
  run(runId: string): Promise<WireRun>;
  cancel(runId: string): Promise<WireRun>;
  remove(runId: string): Promise<void>;
}

/** The way to the server: one REST client and one socket per page. */
export interface IServer {
  rest: Rest;
  feed: Feed;
}

export const IServer = new Token<IServer>(
  'jupyter-aml:IServer',
  'The way from the page to the server part of jupyter_aml: REST calls and the event socket.'
);

/** Something that can be heard of; the answer stops it. */
export interface Heard {
  subscribe(listener: () => void): () => void;
}

/** What goes on of a noun, as its tab tells it. */
export interface Activity {
  readonly changed: Heard;
  /** How many; 0 shows no number. */
  count(): number;
  /** The same in words: `2 running`. */
  words(): string;
}

/** One noun of the sidebar: its tab, and what fills the panel when that is chosen. */
export interface SidebarSection {
  readonly id: string;
  readonly label: string;
  readonly icon: LabIcon;
  /** The tabs stand in the order of their ranks. */
  readonly rank: number;
  readonly widget: Widget;
  readonly activity?: Activity;
  /** Ask the server for all that is shown again. */
  refresh?(): void;
}

/** The panel at the left; each noun is added to it by a plugin of its own. */
export interface ISidebar {
  readonly node: HTMLElement;
  /** The workspace that all nouns are shown of. */
  readonly workspace: string;
  /** Whether the panel is in sight, whatever noun fills it. */
  readonly isSeen: boolean;
  /** The workspace, the noun or whether the panel is in sight has changed. */
  readonly changed: Heard;
  /** Add a noun; disposing of the answer takes it away again. */
  add(section: SidebarSection): IDisposable;
  /** Bring the panel to the front, with this noun in it. */
  open(section: string): void;
  /** Show all nouns of another workspace. */
  turnTo(workspace: string): void;
}

export const ISidebar = new Token<ISidebar>(
  'jupyter-aml:ISidebar',
  'The sidebar of AML: plugins add their nouns to it.'
);

/** Starts a command of the application. */
export type RunCommand = (command: string, args?: Record<string, string>) => void;

/** Begins to drag a piece of code, which a notebook takes as a cell. */
export type DragCode = (event: { clientX: number; clientY: number }, code: string) => void;
