/** What can be done with a run from its card. */

import type { RunModel } from '../../models/run/run';
import { failedInCell } from '../../models/common/words';
import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { saveText } from '../common/saving';
import type { MenuItem } from '../common/Menu';
import { metricsCsv } from '../../models/run/exports';

/** What the page around a card can do; what it cannot is not offered. */
export interface Actions {
  goToLine?(): void;
  clone?(): void;
  retry?(): void;
  compare?(): void;
  openTarget?(name: string, workspace: string): void;
}

interface Card {
  model: RunModel;
  run: WireRun;
  actions: Actions;
  open?: () => void;
  /** Shows the log on the card. */
  openLog?: () => void;
  report(problem: string): void;
}

/** What helps first with a run that failed. */
export function remedies({ run, actions, openLog }: Card, trans: Trans): MenuItem[] {
  return offered([
    ['go', trans('Go to line'), knowsItsLine(run) ? actions.goToLine : undefined],
    ['log', trans('Open log'), openLog],
    ['clone', trans('Clone'), actions.clone]
  ]);
}

/** All that can be done with the run. */
export function itemsOf(card: Card, trans: Trans): MenuItem[] {
  const { model, run, actions, open, openLog, report } = card;
  const copy = (): void =>
    void navigator.clipboard.writeText(run.runId).catch((error: Error) => report(error.message));
  const save = (): void =>
    void metricsCsv(model).then(
      text => saveText(text, `${run.runId}-metrics.csv`, 'text/csv'),
      (error: Error) => report(error.message)
    );
  return offered([
    ['open', trans('Open run'), open],
    ['go', trans('Go to line'), knowsItsLine(run) ? actions.goToLine : undefined],
    ['log', trans('Open log'), openLog],
    ['clone', trans('Clone into a cell'), actions.clone],
    ['retry', trans('Retry…'), run.job ? actions.retry : undefined],
    ['compare', trans('Compare with the run before'), actions.compare],
    ['csv', trans('Save metrics as CSV'), model.series.size > 0 ? save : undefined],
    ['copy', trans('Copy run id'), copy]
  ]);
}

/** Whether there is a line of a cell to go to: some that send cells do not say which cell it is. */
function knowsItsLine(run: WireRun): boolean {
  return failedInCell(run) && Boolean(run.origin?.cellId);
}

function offered(all: [string, string, (() => void) | undefined][]): MenuItem[] {
  return all.flatMap(([id, label, choose]) => (choose ? [{ id, label, choose }] : []));
}
