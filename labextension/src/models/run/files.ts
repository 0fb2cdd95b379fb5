/** Which files a run has, and which of them are images that it logged. */

import type { Rest } from '../../tokens';
import type { WireFile, WireValue } from '../../wire';

const PICTURE_LIMIT = 200_000;
const MOST_PICTURES = 12;

/** The files of a run, or the first of many. */
export interface Listing {
  files: WireFile[];
  /** How many there are in all. */
  total: number;
}

/** At least `most` files of a run, or all that there are. */
export async function listed(rest: Rest, runId: string, most: number): Promise<Listing> {
  const files: WireFile[] = [];
  for (let after: string | null = null; ;) {
    const page = await rest.filesPage(runId, after);
    files.push(...page.files);
    after = page.next;
    if (files.length >= most || after === null) {
      return { files, total: Math.max(page.total, files.length) };
    }
  }
}

/** A file that holds an image, and the step it was logged at. */
export interface ImageFile {
  file: string;
  step: number | null;
}

/** The files of the images that a run logged, by the name they were logged under. */
export function imageFilesOf(logged: ReadonlyMap<string, WireValue[]>): Map<string, ImageFile[]> {
  const found = new Map<string, ImageFile[]>();
  for (const [name, all] of logged) {
    const files = new Map<string, ImageFile>();
    for (const { value, step } of all.filter(one => one.kind === 'image')) {
      const file = (value as { file?: unknown } | null)?.file;
      if (typeof file === 'string' && file !== '') {
        files.set(file, { file, step });
      }
    }
    if (files.size > 0) {
      found.set(name, [...files.values()]);
    }
  }
  return found;
}

/** The last image of each name as a data: address, of those that are small enough to be stored. */
export async function picturesOf(
  rest: Rest,
  runId: string,
  logged: ReadonlyMap<string, WireValue[]>
): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const [name, files] of [...imageFilesOf(logged)].slice(0, MOST_PICTURES)) {
    try {
      const address = await rest.picture(runId, files.at(-1)!.file, PICTURE_LIMIT);
      if (address) {
        pictures.set(name, address);
      }
    } catch {
      // A stored output goes without a picture that cannot be had.
      continue;
    }
  }
  return pictures;
}
