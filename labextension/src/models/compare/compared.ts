/** The facts that every part of a comparison draws. */

import type { WireRun } from '../../wire';
import type { Stroke } from '../charts/colours';
import type { Trait } from './columns';

/** What the parts of a comparison share. */
export interface Compared {
  runs: WireRun[];
  /** Those that are not hidden. */
  shown: WireRun[];
  strokes: ReadonlyMap<string, Stroke>;
  traits: Trait[];
}
