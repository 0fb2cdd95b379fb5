/** Compares a run with the one that its experiment had before it. */

import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { RepeatCommands } from '../../tokens';
import type { IServer, Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { attempt } from '../common/attempt';

const ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: { runId: { type: 'string', description: 'The id of the later run.' } },
    required: ['runId']
  }
};

/** Add the command. */
export function addCompareBefore(registry: CommandRegistry, server: IServer, trans: Trans): void {
  registry.addCommand(RepeatCommands.compareBefore, {
    label: trans('Compare with the run before'),
    describedBy: ARGUMENTS,
    execute: args =>
      attempt(trans('The run cannot be compared'), async () => {
        const run = await server.rest.run(String(args.runId));
        const before = await runBefore(server, run);
        if (before) {
          const runIds = [before.runId, run.runId];
          await registry.execute(RepeatCommands.compare, { runIds });
        } else {
          const words = trans('%1 has no run before #%2.', run.experiment, run.number);
          Notification.info(words, { autoClose: 5000 });
        }
      })
  });
}

async function runBefore(server: IServer, run: WireRun): Promise<WireRun | null> {
  const filter = `experiment:${run.experiment} parent:none`;
  let after: string | null = null;
  do {
    const page = await server.rest.runs({ workspace: run.workspace, filter, limit: 200, after });
    const earlier = page.runs.filter(
      one => one.experiment === run.experiment && one.number < run.number
    );
    if (earlier.length > 0) {
      return earlier.reduce((best, one) => (one.number > best.number ? one : best));
    }
    after = page.next;
  } while (after !== null);
  return null;
}
