/** The panes of a card that need no server. */

import * as React from 'react';
import { limits, moment, size } from '../../models/common/words';
import type { RunModel } from '../../models/run/run';
import type { WireRun } from '../../wire';
import { Copy } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Mapping, Pairs } from '../common/Pairs';
import type { Parts } from './parts';

interface PaneProps {
  model: RunModel;
}

/** The files of the run, each a download. */
export function FileList({ model }: PaneProps): JSX.Element {
  const trans = useTrans();
  if (model.files.length === 0) {
    return (
      <p className="jp-aml-Empty">
        {trans('No file yet. What the script writes into outputs/ shows here.')}
      </p>
    );
  }
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table">
        <thead>
          <tr>
            <th scope="col">{trans('File')}</th>
            <th scope="col" className="jp-mod-number">
              {trans('Size')}
            </th>
            <th scope="col">{trans('Changed')}</th>
          </tr>
        </thead>
        <tbody>
          {model.files.map(file => {
            const url = model.fileUrl(file.name);
            return (
              <tr key={file.name}>
                <th scope="row">
                  {url ? (
                    <a href={url} download={file.name.split('/').at(-1)}>
                      {file.name}
                    </a>
                  ) : (
                    file.name
                  )}
                </th>
                <td className="jp-mod-number" title={trans('%1 bytes', file.size)}>
                  {size(file.size)}
                </td>
                <td>{new Date(file.modified * 1000).toLocaleString()}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** What was asked and what became of it. */
export function DetailsPane({ model, parts }: PaneProps & { parts?: Parts }): JSX.Element {
  const trans = useTrans();
  const run = model.run;
  if (!run) {
    return <p className="jp-aml-Empty">{trans('Nothing is known of this run yet.')}</p>;
  }
  const pairs: [string, React.ReactNode][] = [
    [trans('Run id'), <Copied key="id" text={run.runId} label={trans('Copy the run id')} />],
    [trans('Workspace'), run.workspace],
    [trans('Experiment'), `${run.experiment} #${run.number}`],
    [trans('Description'), run.description],
    [trans('Script'), run.script],
    [trans('Arguments'), run.arguments.join(' ')],
    [trans('Environment'), run.job?.environment],
    [trans('Compute'), run.target],
    // A run of an earlier version says nothing of limits.
    [trans('Limits'), limits(run.job?.limits ?? {}, trans)],
    [trans('Processes'), processesOf(run)],
    [trans('Created'), moment(run.createdAt)],
    [trans('Started'), moment(run.startedAt)],
    [trans('Ended'), moment(run.endedAt)],
    [trans('Exit code'), run.exitCode],
    [trans('Notebook'), run.origin?.notebook],
    [trans('Submitted by'), run.submittedBy],
    [trans('Parent run'), parentOf(run, parts)],
    [trans('Snapshot'), run.snapshotId]
  ];
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      {run.warnings.map((warning, i) => (
        <p key={i} className="jp-aml-Warning">
          ⚠ {warning}
        </p>
      ))}
      <Pairs pairs={pairs} />
      <Mapping title={trans('Parameters')} values={run.parameters} />
      <Mapping title={trans('Tags')} values={run.tags} />
      <Mapping title={trans('Properties')} values={run.properties} />
      {run.error?.traceback && (
        <section>
          <h4>{trans('Traceback')}</h4>
          <pre className="jp-aml-Traceback">{run.error.traceback}</pre>
        </section>
      )}
    </div>
  );
}

/** How many there are and what they are told of each other; nothing of a single one. */
function processesOf({ job }: WireRun): string | null {
  const told = job?.distribution;
  return told ? `${told.processes * told.nodes} (${told.kind})` : null;
}

function parentOf({ parentId }: WireRun, parts?: Parts): React.ReactNode {
  return parentId !== null && parts ? (
    <button type="button" className="jp-aml-Link" onClick={() => parts.visit(parentId)}>
      {parentId}
    </button>
  ) : (
    parentId
  );
}

function Copied({ text, label }: { text: string; label: string }): JSX.Element {
  return (
    <>
      <code>{text}</code> <Copy text={text} label={label} />
    </>
  );
}
