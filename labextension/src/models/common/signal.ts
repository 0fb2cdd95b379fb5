/** Listeners of models, so that models need nothing of Lab. */

/** Calls its listeners; small, so that the widget bundle needs nothing of Lab. */
export class Signal {
  /** Listen until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  emit(): void {
    for (const listener of [...this.listeners]) {
      listener();
    }
  }

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  private readonly listeners = new Set<() => void>();
}
