/** The files of a version of a data set, as they were when it was registered. */

import * as React from 'react';
import { moment, size } from '../../models/common/words';
import type { WireDatasetFile } from '../../wire';
import { Button } from '../common/Control';
import { useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { Waited } from '../common/Waited';
import type { DatasetPartProps } from './DatasetView';

export function DatasetFiles({ model, one }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, wanted } = model;
  const [after, setAfter] = React.useState<string | null>(null);
  const [before, setBefore] = React.useState<WireDatasetFile[]>([]);
  const key = `${one.name}:${one.version}`;
  React.useEffect(() => {
    setAfter(null);
    setBefore([]);
  }, [key]);
  const asked = useAsked(() => rest.datasetFiles(wanted, after), `${key} ${after}`);
  if (!asked.value && before.length === 0) {
    return <Waited asked={asked} />;
  }
  const files = [...before, ...(asked.value?.files ?? [])];
  const total = asked.value?.total ?? files.length;
  if (files.length === 0) {
    return <p className="jp-aml-Empty">{trans('No files were recorded for this version.')}</p>;
  }
  const more = (): void => {
    setBefore(files);
    setAfter(files.at(-1)!.path);
  };
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table" aria-label={trans('Files')}>
        <thead>
          <tr>
            <th scope="col">{trans('File')}</th>
            <th scope="col" className="jp-mod-number">
              {trans('Size')}
            </th>
            <th scope="col">{trans('Changed')}</th>
            <th scope="col">{trans('Hash')}</th>
          </tr>
        </thead>
        <tbody>
          {files.map(file => (
            <tr key={file.path}>
              <th scope="row" title={file.path}>
                {file.path}
              </th>
              <td className="jp-mod-number">{file.size === null ? '' : size(file.size)}</td>
              <td>{moment(file.modified)}</td>
              <td title={file.hash ?? undefined}>
                <code>{file.hash?.slice(0, 12)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {asked.problem !== null && <Waited asked={asked} />}
      {files.length < total && asked.value && (
        <Button onClick={more}>{trans('%1 more files', total - files.length)}</Button>
      )}
    </div>
  );
}
