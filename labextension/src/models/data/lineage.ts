/** Where a data set comes from and who uses it, as a graph. */

import type { Rest, Trans } from '../../tokens';
import type { WireDataset, WireModel, WireRun } from '../../wire';
import type { Edge, Graph, GraphNode } from '../common/graph';
import { distinction } from '../common/words';

const MOST = 20;
/** What the property of a run begins with that says which version of a data set it read. */
const READ = 'aml.dataset.';
/** Where outputs of runs go by default: the id of the run stands in the path. */
const WRITTEN = /^dataset\/([\w-]+)\//;

/** The run that wrote a data set, the runs that read it, and the models made with it. */
export interface DataLineage {
  writtenBy: WireRun[];
  readBy: WireRun[];
  /** How many read it in all. */
  readers: number;
  models: WireModel[];
}

/** Ask the server who wrote and who uses a version. */
export async function lineageOf(rest: Rest, dataset: WireDataset): Promise<DataLineage> {
  const { workspace, name, version } = dataset;
  const filter = `${JSON.stringify(`property.${READ}${name}`)}:${JSON.stringify(version)}`;
  const [page, { models }, writtenBy] = await Promise.all([
    rest.runs({ workspace, filter, limit: MOST }),
    rest.models({ workspace, dataset: `${name}:${version}`, limit: MOST }),
    writers(rest, dataset)
  ]);
  return { writtenBy, readBy: page.runs, readers: page.total, models };
}

/** The runs in whose outputs the files lie, as far as these runs say so, too. */
async function writers(rest: Rest, { sources, name, version }: WireDataset): Promise<WireRun[]> {
  const ids = new Set(sources.flatMap(({ path }) => WRITTEN.exec(path)?.[1] ?? []));
  const found = await Promise.all(
    [...ids].slice(0, MOST).map(async id => {
      const data = await rest.runData(id).catch(() => null);
      const isMine = data?.outputs.some(
        ({ dataset }) => dataset?.name === name && dataset.version === version
      );
      return isMine ? rest.run(id) : null;
    })
  );
  return found.filter(run => run !== null);
}

/** What the things of a graph lead to. */
export interface Ways {
  run(runId: string): void;
  model(name: string, version: string): void;
}

/** Runs that wrote the data set lead to it; it leads to runs that read it, and these to models. */
export function dataGraph(
  dataset: WireDataset,
  { writtenBy, readBy, readers, models }: DataLineage,
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
      label: `${dataset.name}:${dataset.version}`,
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
