/** The pane of what a run used of its machine. */

import * as React from 'react';
import type { RunModel } from '../../models/run/run';
import { measured, SystemModel } from '../../models/run/system';
import { Plot } from '../charts/Plot';
import { Trouble } from '../common/Control';
import { useSignal, useTrans } from '../common/hooks';

/** Processor, memory, disk, network and GPUs over time, while the pane is looked at. */
export function SystemPane({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  const { server, isLive } = model;
  const system = React.useMemo(
    () =>
      server
        ? new SystemModel(
            () => server.rest.systemMetrics(model.runId),
            () => model.isFinal
          )
        : null,
    [server, model]
  );
  React.useEffect(() => system?.watch(), [system]);
  React.useEffect(() => {
    if (isLive && system && system.problem !== null) {
      void system.load();
    }
  }, [isLive, system]);
  return system ? (
    <Measured system={system} model={model} />
  ) : (
    <p className="jp-aml-Empty">{trans('What the machine did is shown with the server.')}</p>
  );
}

function Measured({ system, model }: { system: SystemModel; model: RunModel }): JSX.Element {
  const trans = useTrans();
  useSignal(system.changed);
  if (system.problem !== null && !system.hasLoaded) {
    const mend = (): void => void system.load();
    return <Trouble text={system.problem} label={trans('Try again')} mend={mend} />;
  }
  if (!system.hasLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading')}</p>;
  }
  if (system.series.size === 0) {
    return (
      <p className="jp-aml-Empty">
        {model.isFinal
          ? trans('Nothing was measured: the run was too short, or not on this machine.')
          : trans('Nothing was measured yet. The first values come a few seconds after the start.')}
      </p>
    );
  }
  return (
    <div className="jp-aml-Scroll jp-aml-System">
      {[...system.series.values()].map(({ name, x, y, t, last }) => (
        <Plot
          key={name}
          name={name}
          label={trans('%1: %2 measured, last %3', name, x.length, measured(name, last))}
          note={measured(name, last)}
          yText={value => measured(name, value)}
          drawing={{ x: t, curves: [{ label: '', y }], isTime: true }}
        />
      ))}
    </div>
  );
}
