/** The state of the pane that shows how a run used its machine. */

import type { WireMetrics } from '../../wire';
import { Series } from '../charts/series';
import { Signal } from '../common/signal';
import { number, size } from '../common/words';

const PERIOD = 5_000;

/** What the machine did while a run ran; asked for again and again while somebody looks. */
export class SystemModel {
  constructor(
    private readonly ask: () => Promise<WireMetrics>,
    private readonly isOver: () => boolean
  ) {}

  readonly changed = new Signal();
  readonly series = new Map<string, Series>();
  hasLoaded = false;
  problem: string | null = null;

  /** Ask now and every five seconds, until the returned function is called or the run is over. */
  watch(): () => void {
    let isWatched = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (): Promise<void> => {
      const wasOver = this.isOver();
      await this.load();
      if (isWatched && !wasOver) {
        timer = setTimeout(() => void turn(), PERIOD);
      }
    };
    void turn();
    return () => {
      isWatched = false;
      clearTimeout(timer);
    };
  }

  async load(): Promise<void> {
    const asked = ++this.asked;
    try {
      const found = await this.ask();
      if (asked !== this.asked) {
        return;
      }
      for (const [name, points] of Object.entries(found.series)) {
        const one = this.series.get(name) ?? new Series(name);
        one.replace(points);
        this.series.set(name, one);
      }
      [this.hasLoaded, this.problem] = [true, null];
    } catch (error) {
      if (asked !== this.asked) {
        return;
      }
      this.problem = (error as Error).message;
    }
    this.changed.emit();
  }

  private asked = 0;
}

/** A measured value with its unit, which its name tells. */
export function measured(name: string, value: number | null): string {
  if (value === null) {
    return '';
  }
  if (/memory$/.test(name)) {
    return size(value);
  }
  if (/^(disk|network)/.test(name)) {
    return `${size(value)}/s`;
  }
  return /^(cpu|gpu)/.test(name) ? `${number(value, 3)} %` : number(value);
}
