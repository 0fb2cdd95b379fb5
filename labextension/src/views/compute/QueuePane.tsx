/** The runs that have the places of a target, and those that wait for one, with why. */

import * as React from 'react';
import { duration, elapsed, face, moment, numbered } from '../../models/common/words';
import { submitLine } from '../../models/compute/targets';
import { Commands } from '../../tokens';
import type { RunCommand } from '../../tokens';
import type { WireRun } from '../../wire';
import { Copy } from '../common/Control';
import { useNow, useTrans } from '../common/hooks';
import type { TargetPartProps } from './TargetView';

export function QueuePane({ model, one, run }: TargetPartProps): JSX.Element {
  const trans = useTrans();
  const { running, queue } = model;
  const now = useNow(running.length > 0);
  const line = submitLine(one);
  if (running.length + queue.length === 0) {
    return (
      <div className="jp-aml-Empty">
        <p>
          {one.busy > 0
            ? trans('No run of this workspace is here; those of others are.')
            : trans('Nothing runs here. A cell that begins so does:')}
        </p>
        <p>
          <code>{line}</code> <Copy text={line} label={trans('Copy the line')} />
        </p>
      </div>
    );
  }
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      <section aria-label={trans('Running')}>
        <h4>{trans('Running')}</h4>
        {running.length === 0 && <p className="jp-aml-Hint">{trans('None now.')}</p>}
        <Runs
          label={trans('Running')}
          runs={running}
          run={run}
          words={each => [duration(elapsed(each, now) ?? 0), moment(each.startedAt)]}
        />
      </section>
      {queue.length > 0 && (
        <section aria-label={trans('Waiting')}>
          <h4>{trans('Waiting')}</h4>
          <Runs
            label={trans('Waiting')}
            runs={queue}
            run={run}
            words={each => [each.reason ?? '', each.reason ?? '']}
          />
        </section>
      )}
    </div>
  );
}

interface RunsProps {
  label: string;
  runs: readonly WireRun[];
  run: RunCommand;
  /** What is to be known of a run, and its tip. */
  words(run: WireRun): [words: string, tip: string];
}

function Runs({ label, runs, run, words }: RunsProps): JSX.Element | null {
  const trans = useTrans();
  if (runs.length === 0) {
    return null;
  }
  return (
    <table className="jp-aml-Table jp-aml-Target-runs" aria-label={label}>
      <tbody>
        {runs.map(each => {
          const { glyph, tone, word } = face(each.status);
          const [said, tip] = words(each);
          return (
            <tr key={each.runId} data-run-id={each.runId} data-state={each.status}>
              <td>
                <span
                  className={`jp-aml-State-glyph jp-mod-${tone}`}
                  data-status={each.status}
                  aria-hidden="true"
                >
                  {glyph}
                </span>{' '}
                {trans(word)}
              </td>
              <th scope="row">
                <button
                  type="button"
                  className="jp-aml-Link"
                  title={each.runId}
                  onClick={() => run(Commands.open, { runId: each.runId })}
                >
                  {each.experiment} {numbered(each)}
                </button>
              </th>
              <td className="jp-aml-Target-said" title={tip}>
                {said}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
