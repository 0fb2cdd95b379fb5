/** The compute targets, and how busy they are. */

import type { ComputeRest, Heard } from '../../tokens';
import type { WireCompute } from '../../wire';
import { Polled } from '../common/polled';

export class TargetsModel extends Polled {
  constructor(
    private readonly rest: Pick<ComputeRest, 'compute'>,
    news: Heard,
    pause?: number
  ) {
    super(news, pause);
  }

  targets: WireCompute[] = [];

  protected async ask(): Promise<() => void> {
    const targets = await this.rest.compute();
    return () => {
      this.targets = targets;
    };
  }
}
