/** The versions of a model beside each other, with the numbers of the runs that made them. */

import * as React from 'react';
import { ago, moment, number, size } from '../../models/common/words';
import { Commands } from '../../tokens';
import type { WireModel } from '../../wire';
import { useTrans } from '../common/hooks';
import type { ModelPartProps } from './ModelView';

export function VersionsPane(props: ModelPartProps): JSX.Element {
  const { model } = props;
  const trans = useTrans();
  const metrics = model.metricNames();
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table" aria-label={trans('Versions')}>
        <thead>
          <tr>
            <th scope="col">{trans('Version')}</th>
            <th scope="col">{trans('Aliases')}</th>
            {metrics.map(name => (
              <th scope="col" key={name} className="jp-mod-number">
                {name}
              </th>
            ))}
            <th scope="col" className="jp-mod-number">
              {trans('Size')}
            </th>
            <th scope="col">{trans('Registered')}</th>
            <th scope="col">{trans('Run')}</th>
          </tr>
        </thead>
        <tbody>
          {model.versions.map(one => (
            <Version key={one.version} {...props} version={one} metrics={metrics} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface VersionProps extends ModelPartProps {
  version: WireModel;
  metrics: string[];
}

function Version({ model, one, run, version, metrics }: VersionProps): JSX.Element {
  const trans = useTrans();
  const { runId } = version;
  const maker = runId === null ? undefined : model.makers.get(runId);
  const isShown = version.version === one.version;
  return (
    <tr aria-current={isShown || undefined}>
      <th scope="row">
        <button
          type="button"
          className="jp-aml-Link"
          aria-label={trans('Show version %1', version.version)}
          onClick={() => void model.show(version.version)}
        >
          {version.version}
        </button>
      </th>
      <td>{version.aliases.join(', ')}</td>
      {metrics.map(name => (
        <td key={name} className="jp-mod-number">
          {maker && name in maker.metrics ? number(maker.metrics[name]) : ''}
        </td>
      ))}
      <td className="jp-mod-number">{size(version.size)}</td>
      <td title={moment(version.createdAt)}>{ago(version.createdAt, Date.now(), trans)}</td>
      <td>
        {runId !== null && (
          <button
            type="button"
            className="jp-aml-Link"
            onClick={() => run(Commands.open, { runId })}
          >
            {maker ? `${maker.experiment} #${maker.number}` : runId}
          </button>
        )}
      </td>
    </tr>
  );
}
