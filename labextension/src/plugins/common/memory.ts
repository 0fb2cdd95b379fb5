/** What a part of the page remembers when the page is left. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

export class Memory<T extends object> {
  constructor(
    private readonly states: IStateDB | null,
    private readonly id: string,
    public value: T
  ) {}

  /** Take what was kept; says whether there was anything. */
  async recall(): Promise<boolean> {
    const kept = (await this.states?.fetch(this.id)) as Partial<T> | undefined;
    if (kept) {
      this.value = { ...this.value, ...kept };
    }
    return kept !== undefined;
  }

  keep(change: Partial<T>): void {
    this.value = { ...this.value, ...change };
    void this.states?.save(this.id, this.value as unknown as ReadonlyPartialJSONValue);
  }
}
