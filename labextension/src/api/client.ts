import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { LogPiece, Rest, RunQuery, Wanted } from '../tokens';
import type {
  WireBuildRequest,
  WireCheck,
  WireEnvironment,
  WireExperiment,
  WireFile,
  WireFiles,
  WireKernelSpec,
  WireKernels,
  WireLock,
  WireMaterialised,
  WireMetrics,
  WireNewEnvironment,
  WireNewKernelSpec,
  WireRun,
  WireRunPage,
  WireStatus,
  WireWorkspace
} from '../wire';
import { AmlProblem } from './problem';

/** The REST calls of the server extension, with Jupyter's own authentication. */
export class AmlClient implements Rest {
  constructor(private readonly settings: ServerConnection.ISettings) {}

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
    return this.json(`runs/${runId}`);
  }

  cancel(runId: string): Promise<WireRun> {
    return this.json(`runs/${runId}/cancel`, { method: 'POST', body: '{}' });
  }

  async remove(runId: string): Promise<void> {
    await this.answer(`runs/${runId}`, { method: 'DELETE' });
  }

  metrics(runId: string): Promise<WireMetrics> {
    return this.json(`runs/${runId}/metrics`);
  }

  async files(runId: string): Promise<WireFile[]> {
    return (await this.json<WireFiles>(`runs/${runId}/files`)).files;
  }

  async logTail(runId: string, name: string, bytes: number): Promise<LogPiece> {
    return piece(await this.answer(`runs/${runId}/logs/${path(name)}` + query({ tail: bytes })));
  }

  async picture(runId: string, name: string, limit: number): Promise<string | null> {
    const response = await this.answer(`runs/${runId}/files/${path(name)}` + query({ inline: 1 }));
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
    const token = this.settings.appendToken ? this.settings.token : '';
    const asked = query({ inline: inline ? 1 : undefined, token: token || undefined });
    return this.address(`runs/${runId}/files/${path(name)}`) + asked;
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

  private address(route: string): string {
    return URLExt.join(this.settings.baseUrl, 'aml') + '/' + route;
  }

  private async answer(route: string, init: RequestInit = {}): Promise<Response> {
    const response = await ServerConnection.makeRequest(this.address(route), init, this.settings);
    if (!response.ok) {
      throw await AmlProblem.of(response);
    }
    return response;
  }

  private async json<T>(route: string, init: RequestInit = {}): Promise<T> {
    return (await this.answer(route, init)).json() as Promise<T>;
  }
}

function post(body: object): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) };
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

/** The name as a part of an address; `..` is dropped, as it would lead to other routes. */
function path(name: string): string {
  const parts = name.split('/').filter(part => part !== '.' && part !== '..');
  return parts.map(encodeURIComponent).join('/');
}

type Asked = string | number | string[] | null | undefined;

function query(fields: Record<string, Asked>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') {
        asked.append(name, String(one));
      }
    }
  }
  const text = asked.toString();
  return text && `?${text}`;
}
