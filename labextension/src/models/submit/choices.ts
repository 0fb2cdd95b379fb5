/** What the dialogs of submitting offer beside a file's own arguments, and what was chosen last. */

import type { Trans } from '../../tokens';
import type { WireEnvironment } from '../../wire';
import type { Option } from '../common/options';

/** What was chosen for a file. A name is of one run, so it is not among it. */
export interface Choices {
  experiment: string;
  /** Empty for that of the kernel. */
  environment: string;
  compute: string;
  arguments: string;
  withFolder: boolean;
}

/** Files by path, the one that was submitted last at the end. */
export type ChoicesOfFiles = Record<string, Choices>;

const MOST_FILES = 50;

/** The choices of all files with these of one; of the files longest ago none are kept. */
export function chosen(files: ChoicesOfFiles, path: string, choices: Choices): ChoicesOfFiles {
  const others = Object.entries(files).filter(([other]) => other !== path);
  return Object.fromEntries([...others, [path, choices] as const].slice(-MOST_FILES));
}

/** The environment of the kernel, then one's own, then the curated ones. */
export function environmentOptions(
  environments: readonly WireEnvironment[],
  ofKernel: string,
  trans: Trans
): Option[] {
  const names = environments.map(({ name, curated }) => ({ name, curated }));
  names.sort(
    (one, other) =>
      Number(one.curated) - Number(other.curated) || one.name.localeCompare(other.name)
  );
  return [
    { value: '', label: ofKernel },
    ...names.map(({ name, curated }) => ({
      value: name,
      label: name,
      group: curated ? trans('Curated') : trans('Of the workspace')
    }))
  ];
}
