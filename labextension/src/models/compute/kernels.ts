import type { EnvironmentRest } from '../../tokens';
import type { WireKernel, WireKernelSpec } from '../../wire';
import { Signal } from '../common/signal';

const PAUSE = 3000;

/** The world's way to say that a kernel came, went or changed; returns how to stop listening. */
export type OnKernelChange = (listener: () => void) => () => void;

/** The kernels in environments and the kernels that run, asked for again while they are seen. */
export class KernelsModel {
  constructor(
    private readonly rest: Pick<EnvironmentRest, 'kernels'>,
    private readonly onChange: OnKernelChange,
    private readonly pause = PAUSE
  ) {}

  readonly changed = new Signal();

  specs: WireKernelSpec[] = [];
  running: WireKernel[] = [];
  hasLoaded = false;
  problem: string | null = null;

  find(kernelId: string): WireKernel | null {
    return this.running.find(kernel => kernel.kernelId === kernelId) ?? null;
  }

  findSpec(spec: string): WireKernelSpec | null {
    return this.specs.find(one => one.spec === spec) ?? null;
  }

  /** Keep the lists up to date until the returned function is called. */
  watch(): () => void {
    if (this.watchers++ === 0) {
      this.deafen = this.onChange(() => void this.refresh());
      void this.refresh();
    }
    let isWatched = true;
    return () => {
      if (isWatched) {
        isWatched = false;
        this.leave();
      }
    };
  }

  /** Ask now; an answer that was overtaken by a newer one is dropped. */
  async refresh(): Promise<void> {
    clearTimeout(this.next);
    const asked = ++this.asked;
    try {
      const { specs, running } = await this.rest.kernels();
      if (asked !== this.asked) {
        return;
      }
      [this.specs, this.running, this.problem, this.hasLoaded] = [specs, running, null, true];
    } catch (error) {
      if (asked !== this.asked) {
        return;
      }
      this.problem = (error as Error).message;
    }
    if (this.watchers > 0) {
      this.next = setTimeout(() => void this.refresh(), this.pause);
    }
    this.changed.emit();
  }

  private leave(): void {
    this.watchers -= 1;
    if (this.watchers === 0) {
      clearTimeout(this.next);
      this.deafen?.();
      this.deafen = null;
    }
  }

  private asked = 0;
  private watchers = 0;
  private next: ReturnType<typeof setTimeout> | undefined;
  private deafen: (() => void) | null = null;
}
