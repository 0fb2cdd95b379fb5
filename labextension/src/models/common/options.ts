/** Lists to choose one line from. */

/** One line; lines of one group stand below its name. */
export interface Option {
  value: string;
  label: string;
  group?: string;
}

/** The value, or the first of the list where it is not offered any more. */
export function offered(options: readonly Option[], value: string): string {
  const isThere = options.some(option => option.value === value);
  return isThere ? value : (options[0]?.value ?? '');
}
