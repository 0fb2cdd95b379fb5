/** The routes of the server part, as calls. */

import { URLExt } from '@jupyterlab/coreutils';
import type { Archived, Bytes, LogPiece, Rest, RunQuery, Wanted } from '../tokens';
import type {
  WireBuildRequest,
  WireCell,
  WireCheck,
  WireEnvironment,
  WireExperiment,
  WireFacts,
  WireFile,
  WireFiles,
  WireKernelSpec,
  WireKernels,
  WireLock,
  WireMaterialised,
  WireMetrics,
  WireNewEnvironment,
  WireNewKernelSpec,
  WireRetry,
  WireRun,
  WireRunDifference,
  WireRunPage,
  WireSnapshot,
  WireStatus,
  WireSubmit,
  WireWorkspace
} from '../wire';
import { id, path, query, run } from './address';
import type { Asked } from './address';
import { post } from './door';
import { TargetsClient } from './targets';

/** The REST calls of the server extension. */
export class AmlClient extends TargetsClient implements Rest {
  status(): Promise<WireStatus> {
    return this.json('status');
  }

  workspaces(): Promise<WireWorkspace[]> {
    return this.json('workspaces');
  }

  experiments(workspace: string): Promise<WireExperiment[]> {
    return this.json('experiments' + query({ workspace }));
  }

  runs(wanted: RunQuery): Promise<WireRunPage> {
    return this.json('runs' + query({ ...wanted }));
  }

  run(runId: string): Promise<WireRun> {
    return this.json(run(runId));
  }

  cancel(runId: string): Promise<WireRun> {
    return this.json(`${run(runId)}/cancel`, { method: 'POST', body: '{}' });
  }

  async remove(runId: string): Promise<void> {
    await this.answer(run(runId), { method: 'DELETE' });
  }

  difference(runId: string, other: string): Promise<WireRunDifference> {
    return this.json(`${run(runId)}/difference/${id(other)}`);
  }

  cell(runId: string): Promise<WireCell> {
    return this.json(`${run(runId)}/cell`);
  }

  retry(runId: string, body: WireRetry): Promise<WireRun> {
    return this.json(`${run(runId)}/retry`, post(body));
  }

  submit(body: WireSubmit): Promise<WireRun> {
    return this.json('runs', post(body));
  }

  metrics(runId: string): Promise<WireMetrics> {
    return this.json(`${run(runId)}/metrics`);
  }

  series(runId: string, name: string, points: number): Promise<WireMetrics> {
    return this.json(`${run(runId)}/metrics` + query({ name, points }));
  }

  systemMetrics(runId: string): Promise<WireMetrics> {
    return this.json(`${run(runId)}/metrics` + query({ source: 'system' }));
  }

  async files(runId: string): Promise<WireFile[]> {
    return (await this.filesPage(runId, null)).files;
  }

  filesPage(runId: string, after: string | null): Promise<WireFiles> {
    return this.json(`${run(runId)}/files` + query({ after }));
  }

  async logTail(runId: string, name: string, bytes: number): Promise<LogPiece> {
    return piece(await this.answer(`${run(runId)}/logs/${path(name)}` + query({ tail: bytes })));
  }

  async logBytes(runId: string, name: string, offset: number, limit: number): Promise<Bytes> {
    const asked = `${run(runId)}/logs/${path(name)}` + query({ offset, limit });
    const response = await this.answer(asked);
    const data = new Uint8Array(await response.arrayBuffer());
    const size = Number(response.headers.get('X-Aml-Size') ?? offset + data.length);
    return { data, offset, size };
  }

  fileBytes(runId: string, name: string, offset: number, limit: number): Promise<Bytes> {
    return this.bytes(`${run(runId)}/files/${path(name)}`, offset, limit);
  }

  snapshot(runId: string): Promise<WireSnapshot> {
    return this.json(`${run(runId)}/snapshot`);
  }

  snapshotBytes(runId: string, name: string, offset: number, limit: number): Promise<Bytes> {
    return this.bytes(`${run(runId)}/snapshot/${path(name)}`, offset, limit);
  }

  facts(runId: string): Promise<WireFacts> {
    return this.json(`${run(runId)}/facts`);
  }

  async picture(runId: string, name: string, limit: number): Promise<string | null> {
    const response = await this.answer(`${run(runId)}/files/${path(name)}` + query({ inline: 1 }));
    const blob = await response.blob();
    if (blob.size > limit || !/^image\/(png|jpeg|gif|webp)$/.test(blob.type)) {
      return null;
    }
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as string);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  }

  fileUrl(runId: string, name: string, inline = false): string {
    return this.link(`${run(runId)}/files/${path(name)}`, { inline: inline ? 1 : undefined });
  }

  snapshotUrl(runId: string, name: string, inline = false): string {
    return this.link(`${run(runId)}/snapshot/${path(name)}`, { inline: inline ? 1 : undefined });
  }

  archiveUrl(runId: string, what: Archived): string {
    return this.link(`${run(runId)}/archive`, { what });
  }

  environments(workspace: string): Promise<WireEnvironment[]> {
    return this.json('environments' + query({ workspace }));
  }

  environment(wanted: Wanted): Promise<WireEnvironment> {
    return this.json(place(wanted));
  }

  addEnvironment(body: WireNewEnvironment): Promise<WireEnvironment> {
    return this.json('environments', post(body));
  }

  async removeEnvironment(wanted: Wanted): Promise<void> {
    await this.answer(place(wanted), { method: 'DELETE' });
  }

  buildEnvironment(name: string, body: WireBuildRequest): Promise<WireMaterialised> {
    return this.json(`environments/${path(name)}/build`, post(body));
  }

  buildState(wanted: Wanted, extras: string[]): Promise<WireMaterialised> {
    return this.json(place(wanted, '/build', { extra: extras }));
  }

  async buildLog(wanted: Wanted, offset: number): Promise<LogPiece> {
    return piece(await this.answer(place(wanted, '/log', { offset })));
  }

  environmentLock(wanted: Wanted): Promise<WireLock> {
    return this.json(place(wanted, '/lock'));
  }

  checkEnvironment(body: WireNewEnvironment): Promise<WireCheck> {
    return this.json('environment-check', post(body));
  }

  kernels(): Promise<WireKernels> {
    return this.json('kernels');
  }

  addKernel(body: WireNewKernelSpec): Promise<WireKernelSpec> {
    return this.json('kernels', post(body));
  }

  async removeKernel(spec: string): Promise<void> {
    await this.answer(`kernels/${path(spec)}`, { method: 'DELETE' });
  }

  /** Open the event socket. */
  open(): WebSocket {
    const { WebSocket: Socket, appendToken, token, wsUrl } = this.settings;
    const asked = query({ token: appendToken && token ? token : undefined });
    return new Socket(URLExt.join(wsUrl, 'aml', 'events') + asked);
  }
}

/** The address of a version of an environment, or of a part of it. */
function place(
  { workspace, name, version }: Wanted,
  part = '',
  more: Record<string, Asked> = {}
): string {
  return `environments/${path(name)}${part}` + query({ workspace, version, ...more });
}

/** A part of a log, with the bytes of the log that it stands at. */
async function piece(response: Response): Promise<LogPiece> {
  const body = await response.arrayBuffer();
  const offset = Number(response.headers.get('X-Aml-Offset') ?? 0);
  const size = Number(response.headers.get('X-Aml-Size') ?? offset + body.byteLength);
  return { text: new TextDecoder().decode(body), offset, end: offset + body.byteLength, size };
}
