/** The event socket: one connection for all that a page follows, opened again when it breaks. */

import type { Feed, Follower, Following, Link, LinkState } from '../tokens';
import { PROTOCOL } from '../wire';
import type { WireEvent, WireStatus } from '../wire';

const SLOWEST_RETRY = 30_000;
const LINGER = 1_000;

/** What the socket needs of the world. */
export interface Dial {
  /** The handshake; rejects with an error that may have a `status`. */
  status(): Promise<WireStatus>;
  open(): WebSocket;
}

/**
 * One WebSocket for the whole page, open while anything is followed.
 *
 * Nothing is lost by a reconnect: each follower is asked for its positions again.
 */
export class EventSocket implements Feed {
  constructor(private readonly dial: Dial) {}

  follow(follower: Follower): Following {
    this.followers.set(follower, this.key(follower));
    clearTimeout(this.closing);
    follower.link(this.link);
    if (this.isOpen) {
      this.ask(follower);
    } else if (this.link.state === 'idle') {
      void this.connect();
    }
    return {
      again: () => this.isOpen && this.ask(follower),
      dispose: () => this.unfollow(follower)
    };
  }

  retry(): void {
    if (this.socket || this.isDialling) {
      return;
    }
    clearTimeout(this.retrying);
    this.failures = 0;
    void this.connect();
  }

  private get isOpen(): boolean {
    return this.link.state === 'online' && this.socket?.readyState === WebSocket.OPEN;
  }

  private key(follower: Follower): string {
    const asked = follower.ask();
    const key = `${asked.topic}/${asked.runId ?? asked.workspace}`;
    return asked.parentId ? `${key}/${asked.parentId}` : key;
  }

  private unfollow(follower: Follower): void {
    const key = this.followers.get(follower);
    if (key === undefined) {
      return;
    }
    this.followers.delete(follower);
    const isLast = ![...this.followers.values()].includes(key);
    if (isLast) {
      this.turns.delete(key);
    }
    if (isLast && this.isOpen) {
      const { topic, runId, workspace, parentId } = follower.ask();
      this.send({ type: 'unsubscribe', topic, runId, workspace, parentId });
    }
    if (this.followers.size === 0) {
      // A cell that is cleared and run again must not open a new socket.
      this.closing = setTimeout(() => this.hangUp(), LINGER);
    }
  }

  private async connect(): Promise<void> {
    this.isDialling = true;
    if (this.link.state !== 'offline') {
      this.tell('connecting', 'Connecting to the server');
    }
    try {
      this.check(await this.dial.status());
    } catch (error) {
      this.isDialling = false;
      this.refused(error as Error & { status?: number });
      return;
    }
    this.isDialling = false;
    if (this.link.state === 'outdated') {
      return;
    }
    if (this.followers.size === 0) {
      this.tell('idle', '');
      return;
    }
    this.listen(this.dial.open());
  }

  private listen(socket: WebSocket): void {
    this.socket = socket;
    socket.onmessage = message => this.hear(JSON.parse(message.data as string) as WireEvent);
    socket.onclose = () => {
      if (this.socket !== socket) {
        return;
      }
      this.socket = null;
      if (this.link.state !== 'outdated') {
        this.later();
      }
    };
  }

  private hear(event: WireEvent): void {
    if (event.type === 'hello') {
      this.check(event.status);
      if (this.link.state === 'outdated') {
        this.socket?.close();
        return;
      }
      this.failures = 0;
      this.tell('online', '');
      for (const follower of this.followers.keys()) {
        this.ask(follower);
      }
      return;
    }
    for (const [follower, key] of this.followers) {
      if (concerns(event, key) && !this.isOver(event, key)) {
        follower.hear(event);
      }
    }
  }

  private check(status: WireStatus): void {
    if (status.protocol === PROTOCOL) {
      return;
    }
    const cure =
      status.protocol > PROTOCOL
        ? 'Reload this page'
        : 'Restart the Jupyter server, as jupyter_aml was updated while it ran';
    this.tell(
      'outdated',
      `This page and the server (jupyter_aml ${status.version}) are of different versions. ${cure}.`
    );
  }

  private refused(error: Error & { status?: number }): void {
    if (error.status === 404 || error.status === 403) {
      const cure = 'Run "jupyter server extension enable jupyter_aml" and restart the server.';
      const missing = `The server part of jupyter_aml is not enabled. ${cure}`;
      this.tell('missing', error.status === 404 ? missing : error.message);
    } else {
      this.later();
    }
  }

  private later(): void {
    this.tell('offline', 'No connection to the server; trying again');
    const longest = Math.min(SLOWEST_RETRY, 500 * 2 ** this.failures);
    this.failures += 1;
    this.retrying = setTimeout(
      () => {
        if (this.followers.size > 0) {
          void this.connect();
        } else {
          this.tell('idle', '');
        }
      },
      longest * (0.5 + Math.random() / 2)
    );
  }

  private hangUp(): void {
    if (this.followers.size > 0 || !this.socket) {
      return;
    }
    const socket = this.socket;
    this.socket = null;
    this.tell('idle', '');
    socket.close();
  }

  private tell(state: LinkState, message: string): void {
    this.link = { state, message };
    for (const follower of this.followers.keys()) {
      follower.link(this.link);
    }
  }

  /** Each question has a number of its own, by which what answers an earlier one is known. */
  private ask(follower: Follower): void {
    const key = this.followers.get(follower);
    if (key !== undefined) {
      this.turns.set(key, ++this.turn);
      this.send({ ...follower.ask(), turn: this.turn });
    }
  }

  /** Whether points were sent before the newest question was heard: its answer has them, too. */
  private isOver(event: WireEvent, key: string): boolean {
    return (
      event.type === 'metrics' && event.turn !== undefined && event.turn !== this.turns.get(key)
    );
  }

  private send(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }

  private readonly followers = new Map<Follower, string>();
  /** The newest question about each topic. */
  private readonly turns = new Map<string, number>();
  private turn = 0;
  private link: Link = { state: 'idle', message: '' };
  private socket: WebSocket | null = null;
  private isDialling = false;
  private failures = 0;
  private closing = 0;
  private retrying = 0;
}

function concerns(event: WireEvent, key: string): boolean {
  switch (event.type) {
    case 'run':
      return (
        key === `run/${event.run.runId}` ||
        key === `runs/${event.run.workspace}` ||
        key === `runs/${event.run.workspace}/${event.run.parentId}`
      );
    case 'reasons':
      return key.startsWith('runs/') || Object.keys(event.reasons).some(id => key === `run/${id}`);
    case 'metrics':
      return key === `run/${event.metrics.runId}`;
    case 'deleted':
      return key === `run/${event.runId}` || key.startsWith('runs/');
    case 'problem':
      return event.runId === null ? key.startsWith('runs/') : key === `run/${event.runId}`;
    case 'environment':
      return key === `environments/${event.environment.workspace}`;
    case 'environmentGone':
      return key === `environments/${event.workspace}`;
    case 'registered':
      return key === `registered/${event.workspace}`;
    case 'hello':
      return false;
    default:
      return key === `run/${event.runId}`;
  }
}
