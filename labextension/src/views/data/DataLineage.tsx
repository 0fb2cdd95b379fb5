/** Which runs wrote and read a data set, and which models were made with it. */

import * as React from 'react';
import { dataGraph } from '../../models/data/lineage';
import { Commands, ModelCommands } from '../../tokens';
import { Graph } from '../common/Graph';
import { useTrans } from '../common/hooks';
import { useRenewed } from '../common/later';
import { Waited } from '../common/Waited';
import type { DatasetPartProps } from './DatasetView';

export function DataLineage({ model, one, run }: DatasetPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, wanted, round } = model;
  const asked = useRenewed(() => rest.datasetLineage(wanted), one.id, round);
  if (!asked.value) {
    return <Waited asked={asked} />;
  }
  const { readBy, writtenBy, models } = asked.value;
  if (readBy.length + writtenBy.length + models.length === 0) {
    return (
      <div className="jp-aml-Empty">
        <p>{trans('No run and no model uses this version yet. Give it to a run:')}</p>
        <pre>{`ScriptRunConfig(..., arguments=[dataset.as_named_input('data')])`}</pre>
      </div>
    );
  }
  const { workspace } = one;
  const ways = {
    run: (runId: string) => run(Commands.open, { runId }),
    model: (name: string, version: string) => run(ModelCommands.open, { name, version, workspace })
  };
  return (
    <div className="jp-aml-Scroll">
      <Graph graph={dataGraph(asked.value, ways, trans)} label={trans('Lineage')} />
    </div>
  );
}
