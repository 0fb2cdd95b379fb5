/** The nodes of a target: what each of them does, and since when. */

import * as React from 'react';
import { duration, moment } from '../../models/common/words';
import { nodeFace } from '../../models/compute/faces';
import { Commands } from '../../tokens';
import type { RunCommand } from '../../tokens';
import type { WireNode } from '../../wire';
import { useNow, useTrans } from '../common/hooks';
import type { TargetPartProps } from './TargetView';

export function NodesPane({ one, run }: TargetPartProps): JSX.Element {
  const trans = useTrans();
  const now = useNow(one.nodes.length > 0);
  if (one.nodes.length === 0) {
    return (
      <p className="jp-aml-Empty">
        {one.isStopped
          ? trans('No nodes: the target is stopped.')
          : trans('No nodes now. They start when a run is sent to the target.')}
      </p>
    );
  }
  return (
    <div className="jp-aml-Scroll">
      <table className="jp-aml-Table" aria-label={trans('Nodes')}>
        <thead>
          <tr>
            <th scope="col">{trans('Node')}</th>
            <th scope="col">{trans('State')}</th>
            <th scope="col" className="jp-mod-number">
              {trans('Since')}
            </th>
            <th scope="col">{trans('Runs')}</th>
            <th scope="col">{trans('Address')}</th>
            <th scope="col">{trans('Note')}</th>
          </tr>
        </thead>
        <tbody>
          {one.nodes.map(node => (
            <Row key={node.id} node={node} now={now} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  node: WireNode;
  now: number;
  run: RunCommand;
}

function Row({ node, now, run }: RowProps): JSX.Element {
  const trans = useTrans();
  const { glyph, tone, word } = nodeFace(node);
  const since = node.since === null ? null : (now - Date.parse(node.since)) / 1000;
  return (
    <tr data-node={node.id} data-state={node.state}>
      <th scope="row">{node.id}</th>
      <td>
        <span className={`jp-aml-State-glyph jp-mod-${tone}`} aria-hidden="true">
          {glyph}
        </span>{' '}
        {trans(word)}
      </td>
      <td className="jp-mod-number" title={moment(node.since)}>
        {since === null ? '' : duration(since)}
      </td>
      <td>
        {node.runs.map(runId => (
          <button
            key={runId}
            type="button"
            className="jp-aml-Link"
            onClick={() => run(Commands.open, { runId })}
          >
            {runId}
          </button>
        ))}
      </td>
      <td>{node.address}</td>
      <td title={node.note}>{node.note}</td>
    </tr>
  );
}
