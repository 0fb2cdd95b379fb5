/** The colours and dashes by which runs are told apart in every picture. */

/** Colours that stay apart for the colour-blind, on light and on dark ground (Paul Tol, bright). */
export const COLOURS = [
  '#4477aa',
  '#ee6677',
  '#228833',
  '#ccbb44',
  '#66ccee',
  '#aa3377',
  '#888888'
];

/** How the curve of a run looks: of one colour wherever the run is drawn. */
export interface Stroke {
  colour: string;
  /** Tells it from another run of the same colour. */
  isDashed: boolean;
}

/** The strokes of runs that are shown together. A run's number alone decides its colour. */
export function strokesOf(runs: readonly { runId: string; number: number }[]): Map<string, Stroke> {
  const used = new Map<string, number>();
  const strokes = new Map<string, Stroke>();
  for (const { runId, number } of runs) {
    const colour = COLOURS[(number - 1 + COLOURS.length) % COLOURS.length] ?? COLOURS[0];
    const before = used.get(colour) ?? 0;
    used.set(colour, before + 1);
    strokes.set(runId, { colour, isDashed: before % 2 === 1 });
  }
  return strokes;
}
