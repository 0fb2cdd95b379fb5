/** Where a data set comes from and who uses it, as a graph. */

import type { Trans } from '../../tokens';
import type { WireDatasetLineage, WireModel, WireRun } from '../../wire';
import type { Edge, Graph, GraphNode } from '../common/graph';
import { distinction } from '../common/words';

/** What the things of a graph lead to. */
export interface Ways {
  run(runId: string): void;
  model(name: string, version: string): void;
}

/** Runs that wrote the data set lead to it; it leads to runs that read it, and these to models. */
export function dataGraph(
  { name, version, writtenBy, readBy, readers, models }: WireDatasetLineage,
  ways: Ways,
  trans: Trans
): Graph {
  const runNode = (run: WireRun): GraphNode => ({
    id: `run-${run.runId}`,
    kind: trans('Run'),
    glyph: '●',
    tone: 'quiet',
    label: distinction(run),
    note: `${run.experiment} #${run.number}`,
    open: () => ways.run(run.runId)
  });
  const nodes: GraphNode[] = [
    ...writtenBy.map(runNode),
    {
      id: 'data',
      kind: trans('Data set'),
      glyph: '▤',
      tone: 'active',
      label: `${name}:${version}`,
      isCentre: true
    },
    ...readBy.map(runNode),
    ...models.map(model => modelNode(model, ways, trans))
  ];
  const edges: Edge[] = [
    ...writtenBy.map(({ runId }): Edge => [`run-${runId}`, 'data']),
    ...readBy.map(({ runId }): Edge => ['data', `run-${runId}`]),
    ...models.map(({ id, runId }): Edge => {
      const isMadeHere = readBy.some(run => run.runId === runId);
      return [isMadeHere ? `run-${runId}` : 'data', `model-${id}`];
    })
  ];
  if (readers > readBy.length) {
    const label = trans('%1 more', readers - readBy.length);
    nodes.push({ id: 'more', kind: trans('Runs'), glyph: '…', tone: 'quiet', label });
    edges.push(['data', 'more']);
  }
  return { nodes, edges };
}

function modelNode({ id, name, version }: WireModel, ways: Ways, trans: Trans): GraphNode {
  return {
    id: `model-${id}`,
    kind: trans('Model'),
    glyph: '◆',
    tone: 'quiet',
    label: id,
    open: () => ways.model(name, version)
  };
}
