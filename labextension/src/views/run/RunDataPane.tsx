/** What a run read and wrote, and the models that it made and used, as links. */

import * as React from 'react';
import type { RunModel } from '../../models/run/run';
import { DataCommands, ModelCommands } from '../../tokens';
import type { WireInput, WireInputDataset, WireOutput, WireRunModels } from '../../wire';
import { useSignal, useTrans } from '../common/hooks';
import { useRenewed } from '../common/later';
import { Waited } from '../common/Waited';
import type { Parts } from './parts';

interface PaneProps {
  model: RunModel;
  parts: Parts;
}

export function RunDataPane({ model, parts }: PaneProps): JSX.Element {
  const trans = useTrans();
  useSignal(model.changed, 500);
  const { way, runId, run } = model;
  const ask = way && (() => Promise.all([way.rest.runData(runId), way.rest.runModels(runId)]));
  const asked = useRenewed(ask, `${runId} ${run?.status}`, run?.seq ?? 0);
  const known = React.useRef(asked.value);
  known.current = asked.value ?? known.current;
  if (!known.current) {
    return way ? (
      <Waited asked={asked} />
    ) : (
      <p className="jp-aml-Empty">{trans('What it read and wrote is shown with the server.')}</p>
    );
  }
  const [{ inputs, outputs }, models] = known.current;
  const workspace = run?.workspace ?? '';
  const isEmpty = inputs.length + outputs.length + models.registered.length + models.used.length;
  if (isEmpty === 0) {
    return (
      <div className="jp-aml-Empty">
        <p>
          {trans('No data and no model. A data set is given to a run as one of its arguments:')}
        </p>
        <pre>{`ScriptRunConfig(..., arguments=[dataset.as_named_input('data')])`}</pre>
      </div>
    );
  }
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      {inputs.length > 0 && <Inputs inputs={inputs} workspace={workspace} parts={parts} />}
      {outputs.length > 0 && <Outputs outputs={outputs} workspace={workspace} parts={parts} />}
      <Models models={models} workspace={workspace} parts={parts} />
    </div>
  );
}

interface PlaceProps {
  workspace: string;
  parts: Parts;
}

function Inputs({ inputs, ...place }: PlaceProps & { inputs: WireInput[] }): JSX.Element {
  const trans = useTrans();
  return (
    <Rows
      title={trans('Inputs')}
      heads={[trans('Name'), trans('Data'), trans('How'), trans('Where')]}
    >
      {inputs.map(({ name, mode, dataset, datastore, path, place: where }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <DatasetLink dataset={dataset} {...place}>
              {datastore ? `${datastore}/${path ?? ''}` : trans('a data set without a name')}
            </DatasetLink>
          </td>
          <td>{mode}</td>
          <td title={where ?? undefined}>{mode === 'direct' ? '' : where}</td>
        </tr>
      ))}
    </Rows>
  );
}

function Outputs({ outputs, ...place }: PlaceProps & { outputs: WireOutput[] }): JSX.Element {
  const trans = useTrans();
  const heads = [trans('Name'), trans('Data set'), trans('Datastore'), trans('Files')];
  return (
    <Rows title={trans('Outputs')} heads={heads}>
      {outputs.map(({ name, dataset, datastore, path, files }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <DatasetLink dataset={dataset} {...place} />
          </td>
          <td title={`${datastore}/${path}`}>{`${datastore}/${path}`}</td>
          <td className="jp-mod-number">{files}</td>
        </tr>
      ))}
    </Rows>
  );
}

interface DatasetLinkProps extends PlaceProps {
  dataset: WireInputDataset | null | undefined;
  /** What stands there where no data set has a name. */
  children?: React.ReactNode;
}

function DatasetLink({ dataset, workspace, parts, children }: DatasetLinkProps): JSX.Element {
  const { name, version } = dataset ?? {};
  if (!name) {
    return <>{children}</>;
  }
  const args = { name, workspace, ...(version ? { version } : {}) };
  return (
    <Link open={() => parts.run(DataCommands.open, args)}>
      {version ? `${name}:${version}` : name}
    </Link>
  );
}

function Models({ models, ...place }: PlaceProps & { models: WireRunModels }): JSX.Element | null {
  const trans = useTrans();
  const { registered, used } = models;
  if (registered.length + used.length === 0) {
    return null;
  }
  return (
    <Rows title={trans('Models')} heads={[trans('Model'), trans('Here it was'), trans('Aliases')]}>
      {registered.map(({ id, aliases }) => (
        <tr key={id}>
          <th scope="row">
            <ModelLink id={id} {...place} />
          </th>
          <td>{trans('registered')}</td>
          <td>{aliases.join(', ')}</td>
        </tr>
      ))}
      {used.map(id => (
        <tr key={id}>
          <th scope="row">
            <ModelLink id={id} {...place} />
          </th>
          <td>{trans('used')}</td>
          <td />
        </tr>
      ))}
    </Rows>
  );
}

function ModelLink({ id, workspace, parts }: PlaceProps & { id: string }): JSX.Element {
  const [name, version] = id.split(':');
  return <Link open={() => parts.run(ModelCommands.open, { name, version, workspace })}>{id}</Link>;
}

function Link({ open, children }: { open(): void; children: React.ReactNode }): JSX.Element {
  return (
    <button type="button" className="jp-aml-Link" onClick={open}>
      {children}
    </button>
  );
}

interface RowsProps {
  title: string;
  heads: string[];
  children: React.ReactNode;
}

function Rows({ title, heads, children }: RowsProps): JSX.Element {
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      <table className="jp-aml-Table" aria-label={title}>
        <thead>
          <tr>
            {heads.map(head => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
