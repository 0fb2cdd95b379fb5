/** Which files of a run are logs, and in which order they stand. */

/** The console of the script. */
export const CONSOLE = 'user_logs/std_log.txt';

const LOG_FOLDER = /^(user_logs|azureml-logs|logs)\//;
const LOG_FILE = /(^|\/)[^./]+$|\.(txt|log|out|err|stdout|stderr)(\.\d+)?$/i;

/** Whether a file is a log that can be read. */
export function isLog(name: string): boolean {
  return LOG_FOLDER.test(name) && LOG_FILE.test(name);
}

/** Orders logs: by the number that a name begins with, then the console, then by name. */
export function byLogOrder(one: string, other: string): number {
  const [a, b] = [logRank(one), logRank(other)];
  return a === b ? (one < other ? -1 : 1) : a - b;
}

/** `20_image_build_log.txt` before `70_driver_log.txt`, then the console, then the others. */
function logRank(name: string): number {
  const numbered = /^(\d+)_/.exec(name.slice(name.lastIndexOf('/') + 1));
  return numbered ? Number(numbered[1]) : name === CONSOLE ? 1e6 : 1e6 + 1;
}
