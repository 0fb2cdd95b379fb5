/** How the routes of the server part are asked, and what their answers are. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Bytes } from '../tokens';
import { query } from './address';
import type { Asked } from './address';
import { AmlProblem } from './problem';

/** Asks the server extension, with Jupyter's own authentication. */
export class Door {
  constructor(protected readonly settings: ServerConnection.ISettings) {}

  protected address(route: string): string {
    return URLExt.join(this.settings.baseUrl, 'aml') + '/' + route;
  }

  /** An address that a browser can go to by itself. */
  protected link(route: string, fields: Record<string, Asked>): string {
    const token = this.settings.appendToken ? this.settings.token : '';
    return this.address(route) + query({ ...fields, token: token || undefined });
  }

  protected async bytes(route: string, offset: number, limit: number): Promise<Bytes> {
    const headers = { Range: `bytes=${offset}-${offset + limit - 1}` };
    const response = await this.send(route, { headers });
    if (response.status === 416) {
      // An empty file has no range, and a file may become shorter.
      return { data: new Uint8Array(), offset, size: offset };
    }
    if (!response.ok) {
      throw await AmlProblem.of(response);
    }
    const data = new Uint8Array(await response.arrayBuffer());
    const whole = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '');
    return { data, offset, size: whole ? Number(whole[1]) : data.length };
  }

  protected async send(route: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(this.address(route), init, this.settings);
    } catch (error) {
      throw error instanceof ServerConnection.NetworkError ? AmlProblem.unreachable() : error;
    }
  }

  protected async answer(route: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.send(route, init);
    if (!response.ok) {
      throw await AmlProblem.of(response);
    }
    return response;
  }

  protected async json<T>(route: string, init: RequestInit = {}): Promise<T> {
    return (await this.answer(route, init)).json() as Promise<T>;
  }
}

/** A request that sends this as JSON. */
export function post(body: object, method = 'POST'): RequestInit {
  return { method, body: JSON.stringify(body) };
}
