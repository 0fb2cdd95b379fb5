/** The files of a version of a model, each a download. */

import * as React from 'react';
import { size } from '../../models/common/words';
import { useTrans } from '../common/hooks';
import { useAsked } from '../common/later';
import { Waited } from '../common/Waited';
import type { ModelPartProps } from './ModelView';

const MOST_ROWS = 1000;

export function ModelFiles({ model, one }: Pick<ModelPartProps, 'model' | 'one'>): JSX.Element {
  const trans = useTrans();
  const { rest, wanted } = model;
  const asked = useAsked(() => rest.modelFiles(wanted), one.id);
  if (!asked.value) {
    return <Waited asked={asked} />;
  }
  const { files } = asked.value;
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table" aria-label={trans('Files')}>
        <thead>
          <tr>
            <th scope="col">{trans('File')}</th>
            <th scope="col" className="jp-mod-number">
              {trans('Size')}
            </th>
            <th scope="col">{trans('Hash')}</th>
          </tr>
        </thead>
        <tbody>
          {files.slice(0, MOST_ROWS).map(file => (
            <tr key={file.path}>
              <th scope="row">
                <a
                  href={rest.modelFileUrl(wanted, file.path)}
                  download={file.path.split('/').at(-1)}
                >
                  {file.path}
                </a>
              </th>
              <td className="jp-mod-number" title={trans('%1 bytes', file.size)}>
                {size(file.size)}
              </td>
              <td title={file.hash}>
                <code>{file.hash.slice(0, 12)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {files.length > MOST_ROWS && (
        <p className="jp-aml-Empty">
          {trans('%1 more files are in the zip file.', files.length - MOST_ROWS)}
        </p>
      )}
    </div>
  );
}
