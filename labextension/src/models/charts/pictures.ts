/** The pictures of a run's charts that a stored output keeps. */

const MOST = 24;

/** What the charts of a run look like, for stored outputs: of very many the first. */
export class Pictures {
  /** Take a chart in; after the returned function was called, its last picture. */
  offer(name: string, draw: () => string): () => void {
    if (this.charts.size >= MOST && !this.charts.has(name)) {
      return () => undefined;
    }
    this.charts.set(name, draw);
    return () => {
      if (this.charts.get(name) === draw) {
        const last = draw();
        this.charts.set(name, () => last);
      }
    };
  }

  /** The pictures as they are now, by the names of the charts. */
  drawn(): Map<string, string> {
    return new Map([...this.charts].map(([name, draw]) => [name, draw()]));
  }

  private readonly charts = new Map<string, () => string>();
}
