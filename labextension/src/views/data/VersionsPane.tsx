/** The versions of a data set beside each other. */

import * as React from 'react';
import { ago, moment, size } from '../../models/common/words';
import { useTrans } from '../common/hooks';
import { useRenewed } from '../common/later';
import { Waited } from '../common/Waited';
import type { DatasetPartProps } from './DatasetView';

export function VersionsPane({ model, one }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, workspace, name, round } = model;
  const asked = useRenewed(() => rest.datasetVersions(workspace, name), name, round);
  if (!asked.value) {
    return <Waited asked={asked} />;
  }
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table" aria-label={trans('Versions')}>
        <thead>
          <tr>
            <th scope="col">{trans('Version')}</th>
            <th scope="col">{trans('Registered')}</th>
            <th scope="col" className="jp-mod-number">
              {trans('Files')}
            </th>
            <th scope="col" className="jp-mod-number">
              {trans('Size')}
            </th>
            <th scope="col">{trans('Source')}</th>
            <th scope="col">{trans('Description')}</th>
          </tr>
        </thead>
        <tbody>
          {asked.value.map(each => (
            <tr key={each.version} aria-current={each.version === one.version || undefined}>
              <th scope="row">
                <button
                  type="button"
                  className="jp-aml-Link"
                  aria-label={trans('Show version %1', each.version)}
                  onClick={() => void model.show(each.version)}
                >
                  {each.version}
                </button>
              </th>
              <td title={moment(each.createdAt)}>{ago(each.createdAt, Date.now(), trans)}</td>
              <td className="jp-mod-number">{each.files?.count}</td>
              <td className="jp-mod-number">{each.files && size(each.files.size)}</td>
              <td title={each.source}>{each.source}</td>
              <td title={each.description}>{each.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
