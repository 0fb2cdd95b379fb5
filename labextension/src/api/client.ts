import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { LogPiece, Rest, RunQuery } from '../tokens';
import type {
  WireExperiment,
  WireFile,
  WireFiles,
  WireMetrics,
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
    const response = await this.answer(`runs/${runId}/logs/${path(name)}` + query({ tail: bytes }));
    const body = await response.arrayBuffer();
    const offset = Number(response.headers.get('X-Aml-Offset') ?? 0);
    const size = Number(response.headers.get('X-Aml-Size') ?? offset + body.byteLength);
    return { text: new TextDecoder().decode(body), offset, end: offset + body.byteLength, size };
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

/** The name as a part of an address; `..` is dropped, as it would lead to other routes. */
function path(name: string): string {
  const parts = name.split('/').filter(part => part !== '.' && part !== '..');
  return parts.map(encodeURIComponent).join('/');
}

function query(fields: Record<string, string | number | null | undefined>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null && value !== '') {
      asked.set(name, String(value));
    }
  }
  const text = asked.toString();
  return text && `?${text}`;
}
