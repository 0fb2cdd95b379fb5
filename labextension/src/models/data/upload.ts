/** A file on its way from the browser to a datastore, piece by piece. */

import type { Rest, StorePlace } from '../../tokens';
import { Signal } from '../common/signal';

const PIECE = 4 * 1024 * 1024;

export type UploadState = 'waiting' | 'sending' | 'done' | 'taken' | 'failed';

/** One file that is sent. `taken` is one whose name a file of the datastore has already. */
export class Upload {
  constructor(
    readonly place: StorePlace,
    private readonly file: Blob,
    private readonly rest: Rest
  ) {}

  readonly changed = new Signal();
  readonly id = crypto.randomUUID();
  state: UploadState = 'waiting';
  sent = 0;
  problem: string | null = null;

  get size(): number {
    return this.file.size;
  }

  /** From 0 to 1. */
  get share(): number {
    return this.size === 0 ? Number(this.state === 'done') : this.sent / this.size;
  }

  get isUnderway(): boolean {
    return this.state === 'waiting' || this.state === 'sending';
  }

  /** Send it, from where it broke off. */
  async send(overwrite = false): Promise<void> {
    this.tell('sending', null);
    try {
      do {
        const { sent: offset, size } = this;
        const end = Math.min(size, offset + PIECE);
        const about = { upload: this.id, offset, isLast: end === size, overwrite };
        await this.rest.sendPiece(this.place, about, this.file.slice(offset, end));
        if (this.isStopped) {
          return;
        }
        this.sent = end;
        this.changed.emit();
      } while (this.sent < this.size);
      this.tell('done', null);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Send no more of it. What came over is forgotten by the server after a while. */
  stop(): void {
    this.isStopped = true;
  }

  private fail({ name, message }: Error): void {
    if (name === 'Outdated') {
      // The server has none of it any more.
      this.sent = 0;
    }
    this.tell(name === 'AlreadyExists' ? 'taken' : 'failed', message);
  }

  private tell(state: UploadState, problem: string | null): void {
    [this.state, this.problem] = [state, problem];
    this.changed.emit();
  }

  private isStopped = false;
}
