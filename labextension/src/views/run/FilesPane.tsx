/** The panes of a run's files and of its source, where there is a server. */

import * as React from 'react';
import { size } from '../../models/common/words';
import type { Shelf } from '../../models/files/shelf';
import type { RunModel } from '../../models/run/run';
import { Button, Copy, Trouble } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { Browser } from '../files/Browser';

interface PaneProps {
  model: RunModel;
}

/** The files of the run as a tree, with what is in them. */
export function FilesPane({ model }: PaneProps): JSX.Element {
  const trans = useTrans();
  useSignal(model.changed, 250);
  const { way, server, files } = model;
  // That a log grows is told as lines, and not as news of a file.
  React.useEffect(() => void model.fetchFiles(), [model]);
  const shelf = React.useMemo(
    (): Shelf => ({
      files,
      bytes: (name, offset, limit) =>
        server
          ? server.rest.fileBytes(model.runId, name, offset, limit)
          : Promise.reject(new Error(trans('There is no connection to the server.'))),
      url: (name, inline) => model.fileUrl(name, inline)
    }),
    [model, server, files]
  );
  if (files.length === 0) {
    return (
      <p className="jp-aml-Empty">
        {trans('No file yet. What the script writes into outputs/ shows here.')}
      </p>
    );
  }
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const head = (
    <div className="jp-aml-Browser-head">
      {files.length < model.fileCount ? (
        <span>
          {trans('%1 of %2 files', files.length, model.fileCount)}{' '}
          {way && (
            <Button className="jp-mod-small" onClick={() => void model.moreFiles()}>
              {trans('More')}
            </Button>
          )}
        </span>
      ) : (
        <span>
          {files.length === 1
            ? trans('1 file, %1', size(bytes))
            : trans('%1 files, %2', files.length, size(bytes))}
        </span>
      )}
      {way && (
        <a
          className="jp-aml-Button"
          href={way.rest.archiveUrl(model.runId, 'outputs')}
          download={`${model.runId}-outputs.zip`}
          title={trans('Download all outputs as one file')}
        >
          {trans('⤓ All')}
        </a>
      )}
    </div>
  );
  return <Browser shelf={shelf} label={trans('Files')} isLive={way !== null} head={head} />;
}

/** The source as it was sent with the run. */
export function CodePane({ model }: PaneProps): JSX.Element {
  const trans = useTrans();
  const { way, server, run } = model;
  const hasSnapshot = way !== null && run !== null && run.snapshotId !== null;
  const asked = useAsked(
    hasSnapshot ? () => way.rest.snapshot(model.runId) : null,
    `${model.runId}/${run?.snapshotId}`
  );
  const snapshot = asked.value;
  const shelf = React.useMemo(
    (): Shelf | null =>
      snapshot && server
        ? {
            files: snapshot.files.map(file => ({ name: file.path, size: file.size })),
            bytes: (path, offset, limit) =>
              server.rest.snapshotBytes(model.runId, path, offset, limit),
            url: (path, inline) => server.rest.snapshotUrl(model.runId, path, inline),
            // A cell is counted as its editor counts it, in errors and here.
            firstLine: path => (run?.script === path ? (run.job?.lineOffset ?? 0) : 0) + 1
          }
        : null,
    [snapshot, server, model, run?.script, run?.job?.lineOffset]
  );
  if (run && run.snapshotId === null) {
    return <p className="jp-aml-Empty">{trans('No source was sent with this run.')}</p>;
  }
  if (asked.problem !== null && !snapshot) {
    return <Trouble text={asked.problem} label={trans('Try again')} mend={asked.again} />;
  }
  if (!shelf || !snapshot || !server) {
    return (
      <p className="jp-aml-Empty">
        {way ? trans('Loading') : trans('The source is shown with the server.')}
      </p>
    );
  }
  const head = (
    <div className="jp-aml-Browser-head">
      <span title={snapshot.snapshotId}>
        {snapshot.files.length === 1
          ? trans('1 file as sent')
          : trans('%1 files as sent', snapshot.files.length)}
      </span>
      <Copy text={snapshot.snapshotId} label={trans('Copy the id of the snapshot')} />
      <a
        className="jp-aml-Button"
        href={server.rest.archiveUrl(model.runId, 'snapshot')}
        download={`${model.runId}-snapshot.zip`}
        title={trans('Download the source as one file')}
      >
        {trans('⤓ All')}
      </a>
    </div>
  );
  return <Browser shelf={shelf} label={trans('Source')} isLive={way !== null} head={head} />;
}
