/** A small graph: boxes that lead to pages, and lines between them. */

import * as React from 'react';
import { drawn, HEIGHT, WIDTH } from '../../models/common/graph';
import type { Graph as GraphOf, Placed } from '../../models/common/graph';

/** A graph from left to right, which scrolls where it has no room. */
export function Graph({ graph, label }: { graph: GraphOf; label: string }): JSX.Element {
  const { nodes, lines, width, height } = drawn(graph);
  return (
    <div className="jp-aml-Graph" role="region" aria-label={label} tabIndex={0}>
      <div className="jp-aml-Graph-ground" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {lines.map(line => (
            <path key={line} d={line} />
          ))}
        </svg>
        <ul>
          {nodes.map(node => (
            <Box key={node.id} node={node} />
          ))}
        </ul>
      </div>
    </div>
  );
}

function Box({ node }: { node: Placed }): JSX.Element {
  const { kind, label, note, glyph, tone, isCentre, open, x, y } = node;
  const tip = [`${kind}: ${label}`, note].filter(line => line).join('\n');
  const content = (
    <>
      <span className={`jp-aml-State-glyph jp-mod-${tone}`} aria-hidden="true">
        {glyph}
      </span>
      <span className="jp-aml-Graph-kind">{[kind, note].filter(part => part).join(' · ')}</span>
      <span className="jp-aml-Graph-label">{label}</span>
    </>
  );
  const className = `jp-aml-Graph-box${isCentre ? ' jp-mod-centre' : ''}`;
  return (
    <li style={{ left: x, top: y, width: WIDTH, height: HEIGHT }} title={tip}>
      {open ? (
        <button type="button" className={className} onClick={open}>
          {content}
        </button>
      ) : (
        <span className={className}>{content}</span>
      )}
    </li>
  );
}
