/** Where a version of a model comes from, and who uses it. */

import * as React from 'react';
import { lineageGraph } from '../../models/models/lineage';
import { Commands, DataCommands, EnvironmentCommands } from '../../tokens';
import { Graph } from '../common/Graph';
import { useTrans } from '../common/hooks';
import { useRenewed } from '../common/later';
import { Waited } from '../common/Waited';
import type { ModelPartProps } from './ModelView';

export function LineagePane({ model, one, run }: ModelPartProps): JSX.Element {
  const trans = useTrans();
  const { rest, wanted, round } = model;
  const asked = useRenewed(() => rest.modelLineage(wanted), one.id, round);
  if (!asked.value) {
    return <Waited asked={asked} />;
  }
  const { workspace } = one;
  const ways = {
    run: (runId: string) => run(Commands.open, { runId }),
    dataset: (name: string, version: string | null) =>
      run(DataCommands.open, { name, workspace, ...(version === null ? {} : { version }) }),
    environment: (label: string) =>
      run(EnvironmentCommands.open, { name: label.split(':')[0], workspace })
  };
  return (
    <div className="jp-aml-Scroll">
      <Graph graph={lineageGraph(one, asked.value, ways, trans)} label={trans('Lineage')} />
    </div>
  );
}
