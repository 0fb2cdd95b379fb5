/** The kernels in environments, and the kernels that run. */

import type { ComputeRest, Heard } from '../../tokens';
import type { WireKernel, WireKernelSpec } from '../../wire';
import { Polled } from '../common/polled';

export class KernelsModel extends Polled {
  constructor(
    private readonly rest: Pick<ComputeRest, 'kernels'>,
    news: Heard,
    pause?: number
  ) {
    super(news, pause);
  }

  specs: WireKernelSpec[] = [];
  running: WireKernel[] = [];

  find(kernelId: string): WireKernel | null {
    return this.running.find(kernel => kernel.kernelId === kernelId) ?? null;
  }

  findSpec(spec: string): WireKernelSpec | null {
    return this.specs.find(one => one.spec === spec) ?? null;
  }

  protected async ask(): Promise<() => void> {
    const { specs, running } = await this.rest.kernels();
    return () => {
      [this.specs, this.running] = [specs, running];
    };
  }
}
