/** Files of any origin, and how the browser of files gets at them. */

import type { Bytes } from '../../tokens';

/** Files and how to get at them. */
export interface Shelf {
  files: { name: string; size: number; modified?: number }[];
  bytes(name: string, offset: number, limit: number): Promise<Bytes>;
  /** Where a file is downloaded, or with `inline` shown as a picture; null without a server. */
  url(name: string, inline?: boolean): string | null;
  /** What the first line of a file is counted as; 1 where nothing is said. */
  firstLine?(name: string): number;
}
