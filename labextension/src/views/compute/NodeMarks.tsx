/** Nodes as small marks, one beside the other. */

import * as React from 'react';
import { ago } from '../../models/common/words';
import { nodeFace, nodesWords } from '../../models/compute/faces';
import type { Trans } from '../../tokens';
import type { WireNode } from '../../wire';
import { useTrans } from '../common/hooks';

interface NodeMarksProps {
  nodes: readonly WireNode[];
  /** So many are drawn; of the others it says how many they are. */
  most: number;
}

export function NodeMarks({ nodes, most }: NodeMarksProps): JSX.Element {
  const trans = useTrans();
  const now = Date.now();
  return (
    <span className="jp-aml-NodeMarks" role="img" aria-label={nodesWords(nodes, trans)}>
      {nodes.slice(0, most).map(node => (
        <span
          key={node.id}
          className={`jp-aml-State-glyph jp-mod-${nodeFace(node).tone}`}
          data-node={node.id}
          data-state={node.state}
          title={tipOf(node, now, trans)}
        >
          {nodeFace(node).glyph}
        </span>
      ))}
      {nodes.length > most && <span>{trans('+%1', nodes.length - most)}</span>}
    </span>
  );
}

function tipOf(node: WireNode, now: number, trans: Trans): string {
  const word = trans(nodeFace(node).word);
  return [
    `${node.id} · ${word}${node.since ? ` · ${ago(node.since, now, trans)}` : ''}`,
    node.address,
    node.runs.join(', '),
    node.note
  ]
    .filter(line => line)
    .join('\n');
}
