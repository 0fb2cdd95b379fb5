/** The reasons for which runs wait, which change without the run. */

import type { WireRun } from '../../wire';

const WAITS: ReadonlySet<string> = new Set(['Preparing', 'Provisioning', 'Queued', 'Starting']);

/** The run with the reason for which it waits now; the very same where there is none to tell. */
export function withReason(run: WireRun, reasons: Readonly<Record<string, string>>): WireRun {
  const reason = WAITS.has(run.status) ? reasons[run.runId] : undefined;
  return reason === undefined || reason === run.reason ? run : { ...run, reason };
}
