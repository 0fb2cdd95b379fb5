/** The difference between two of the compared runs. */

import * as React from 'react';
import { visible } from '../../models/common/visible';
import { numbered } from '../../models/common/words';
import type { RepeatRest } from '../../tokens';
import type { WireChange, WireFileChange, WireRun } from '../../wire';
import { Trouble } from '../common/Control';
import { Diff } from '../common/Diff';
import { useTrans } from '../common/hooks';
import { useAsked } from '../common/later';

interface DifferenceProps {
  runs: WireRun[];
  rest: RepeatRest;
}

/** All in which two of the runs differ: packages, and the code line by line. */
export function DifferencePane({ runs, rest }: DifferenceProps): JSX.Element {
  const trans = useTrans();
  const [left, setLeft] = React.useState(runs[0].runId);
  const [right, setRight] = React.useState(runs[1].runId);
  const key = `${left} ${right}`;
  const { value, problem, again } = useAsked(() => rest.difference(left, right), key);
  const isSame = value && !value.files.length && !value.packages.length;
  return (
    <div className="jp-aml-Compare-pane">
      <div className="jp-aml-Bar" role="toolbar" aria-label={trans('Two runs')}>
        <Choice label={trans('From')} runs={runs} value={left} choose={setLeft} />
        <Choice label={trans('To')} runs={runs} value={right} choose={setRight} />
      </div>
      {problem !== null && <Trouble text={problem} label={trans('Try again')} mend={again} />}
      {!value && problem === null && <p className="jp-aml-Empty">{trans('Loading')}</p>}
      {value && (
        <div className="jp-aml-Compare-scroll jp-aml-Difference" tabIndex={0}>
          {isSame && <p className="jp-aml-Empty">{trans('Code and packages are the same.')}</p>}
          <Files files={value.files} />
          <Changes title={trans('Packages')} changes={value.packages} />
          <Changes title={trans('Run and machine')} changes={value.facts} />
        </div>
      )}
    </div>
  );
}

function Files({ files }: { files: WireFileChange[] }): JSX.Element {
  const trans = useTrans();
  const states = {
    added: trans('added'),
    removed: trans('removed'),
    changed: trans('changed'),
    binary: trans('changed, not text')
  };
  return (
    <>
      {files.map(file => (
        <details key={file.path} open={files.length <= 5}>
          <summary>
            <b>{visible(file.path)}</b> {states[file.state]}
          </summary>
          {file.diff ? (
            <Diff text={file.diff} label={trans('Changes of %1', file.path)} />
          ) : (
            <p className="jp-aml-Empty">{trans('There is no text to show.')}</p>
          )}
        </details>
      ))}
    </>
  );
}

function Changes({ title, changes }: { title: string; changes: WireChange[] }): JSX.Element | null {
  return changes.length === 0 ? null : (
    <details open>
      <summary>
        <b>{title}</b> {changes.length}
      </summary>
      <table className="jp-aml-Compare-table" aria-label={title}>
        <tbody>
          {changes.map(({ name, left, right }) => (
            <tr key={name}>
              <th scope="row">{visible(name)}</th>
              <td>{text(left)}</td>
              <td aria-hidden="true">→</td>
              <td>{text(right)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function text(value: unknown): string {
  if (value === null || value === undefined) {
    return '–';
  }
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 500);
}

interface ChoiceProps {
  label: string;
  runs: WireRun[];
  value: string;
  choose(runId: string): void;
}

function Choice({ label, runs, value, choose }: ChoiceProps): JSX.Element {
  return (
    <label className="jp-aml-Switch">
      {label}
      <select value={value} onChange={event => choose(event.target.value)}>
        {runs.map(run => (
          <option key={run.runId} value={run.runId}>
            {numbered(run)}
          </option>
        ))}
      </select>
    </label>
  );
}
