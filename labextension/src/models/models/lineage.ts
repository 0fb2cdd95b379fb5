/** Where a model comes from and who uses it, as a graph. */

import type { Trans } from '../../tokens';
import type { WireDataUse, WireModel, WireModelLineage, WireModelUse } from '../../wire';
import type { Edge, Graph, GraphNode } from '../common/graph';

const MOST_USERS = 20;

/** What the things of a graph lead to. */
export interface Ways {
  run(runId: string): void;
  dataset(name: string, version: string | null): void;
  environment(label: string): void;
}

/** Data and environment lead to the run, the run to the model, the model to those who use it. */
export function lineageGraph(
  model: WireModel,
  { maker, datasets, usedBy }: WireModelLineage,
  ways: Ways,
  trans: Trans
): Graph {
  const made = maker ? 'maker' : 'model';
  const nodes: GraphNode[] = datasets.map((use, i) => dataNode(use, i, ways, trans));
  const edges: Edge[] = nodes.map(({ id }) => [id, made] as const);
  if (maker) {
    if (maker.environment) {
      const label = maker.environment;
      const open = (): void => ways.environment(label);
      nodes.push({
        id: 'environment',
        kind: trans('Environment'),
        glyph: '▣',
        tone: 'quiet',
        label,
        open
      });
      edges.push(['environment', 'maker']);
    }
    nodes.push({
      id: 'maker',
      kind: trans('Run'),
      glyph: maker.isThere ? '●' : '✕',
      tone: 'quiet',
      label: maker.runId,
      note: maker.isThere ? maker.experiment : trans('deleted'),
      open: maker.isThere ? () => ways.run(maker.runId) : undefined
    });
    edges.push(['maker', 'model']);
  }
  nodes.push({
    id: 'model',
    kind: trans('Model'),
    glyph: '◆',
    tone: 'active',
    label: `${model.name}:${model.version}`,
    note: model.aliases.join(', '),
    isCentre: true
  });
  return withUsers({ nodes, edges }, usedBy, ways, trans);
}

function dataNode(use: WireDataUse, i: number, ways: Ways, trans: Trans): GraphNode {
  const { name, version, scenario } = use;
  return {
    id: `data-${i}`,
    kind: trans('Data set'),
    glyph: '▤',
    tone: 'quiet',
    label: name === null ? trans('not registered') : version === null ? name : `${name}:${version}`,
    note: scenario,
    open: name === null ? undefined : () => ways.dataset(name, version)
  };
}

function withUsers(graph: Graph, users: WireModelUse[], ways: Ways, trans: Trans): Graph {
  for (const { id, kind, name } of users.slice(0, MOST_USERS)) {
    graph.nodes.push({
      id: `user-${id}`,
      kind: kind === 'run' ? trans('Run') : kind,
      glyph: '○',
      tone: 'quiet',
      label: name,
      note: trans('uses it'),
      open: kind === 'run' ? () => ways.run(id) : undefined
    });
    graph.edges.push(['model', `user-${id}`]);
  }
  if (users.length > MOST_USERS) {
    const label = trans('%1 more', users.length - MOST_USERS);
    graph.nodes.push({ id: 'more', kind: trans('Runs'), glyph: '…', tone: 'quiet', label });
    graph.edges.push(['model', 'more']);
  }
  return graph;
}
