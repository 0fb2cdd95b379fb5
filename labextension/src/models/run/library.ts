/** The models of all runs that a page shows, one for each run. */

import type { IServer } from '../../tokens';
import type { WireCard } from '../../wire';
import { RunModel } from './run';

const MOST_KEPT = 64;

/**
 * The runs that this page shows: views of one run share one model and one subscription.
 *
 * Models of runs that nobody shows any more are kept for a while, for saving and for coming back.
 */
export class RunLibrary {
  constructor(readonly live: IServer | null) {}

  /** The model of a run, with what a stored card says of it. */
  get(runId: string, card: WireCard | null = null): RunModel {
    const model = this.models.get(runId) ?? new RunModel(runId, this.live);
    this.models.delete(runId);
    this.models.set(runId, model);
    if (card && card.run.runId === runId) {
      model.restore(card);
    }
    this.forget();
    return model;
  }

  /** The model of a run that was shown on this page. */
  peek(runId: string): RunModel | null {
    return this.models.get(runId) ?? null;
  }

  /** Follow a run live until the returned function is called. */
  follow(runId: string): () => void {
    const model = this.get(runId);
    this.shown.set(runId, (this.shown.get(runId) ?? 0) + 1);
    model.start();
    let isFollowed = true;
    return () => {
      if (!isFollowed) {
        return;
      }
      isFollowed = false;
      const left = (this.shown.get(runId) ?? 1) - 1;
      if (left > 0) {
        this.shown.set(runId, left);
      } else {
        this.shown.delete(runId);
        model.stop();
      }
    };
  }

  private forget(): void {
    for (const [runId, model] of this.models) {
      if (this.models.size <= MOST_KEPT) {
        return;
      }
      if (!this.shown.has(runId) && !model.changed.isHeard) {
        this.models.delete(runId);
      }
    }
  }

  private readonly models = new Map<string, RunModel>();
  private readonly shown = new Map<string, number>();
}
