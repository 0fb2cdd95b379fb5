/** What is known of a version of a model: facts, metrics of its run, tags and properties. */

import * as React from 'react';
import { byInterest, moment, number } from '../../models/common/words';
import { Commands } from '../../tokens';
import type { WireRun } from '../../wire';
import { Copy } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Mapping, Pairs } from '../common/Pairs';
import type { ModelPartProps } from './ModelView';

export function AboutPane({ model, one, run }: ModelPartProps): JSX.Element {
  const trans = useTrans();
  const maker = one.runId === null ? null : (model.makers.get(one.runId) ?? null);
  const { resources } = one;
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      {maker && <Metrics maker={maker} open={() => run(Commands.open, { runId: maker.runId })} />}
      <Pairs
        pairs={[
          [
            trans('Id'),
            <React.Fragment key="id">
              <code>{one.id}</code> <Copy text={one.id} label={trans('Copy the id')} />
            </React.Fragment>
          ],
          [trans('Description'), one.description],
          [trans('File or folder'), one.root],
          [trans('Framework'), one.framework],
          [trans('Version of the framework'), one.frameworkVersion],
          [trans('Registered'), moment(one.createdAt)],
          [trans('Registered by'), one.createdBy],
          [trans('Experiment'), one.experiment],
          [trans('Cores of a service'), resources?.cpu],
          [trans('Memory of a service'), resources?.memoryInGb && `${resources.memoryInGb} GB`],
          [trans('GPUs of a service'), resources?.gpu]
        ]}
      />
      <Mapping title={trans('Tags')} values={one.tags} />
      <Mapping title={trans('Properties')} values={one.properties} />
    </div>
  );
}

/** How well the run did that made the version. */
function Metrics({ maker, open }: { maker: WireRun; open(): void }): JSX.Element | null {
  const trans = useTrans();
  const names = Object.keys(maker.metrics).sort(byInterest);
  if (names.length === 0) {
    return null;
  }
  return (
    <section aria-label={trans('Metrics')}>
      <h4>
        {trans('Metrics of')}{' '}
        <button type="button" className="jp-aml-Link" onClick={open}>
          {maker.experiment} #{maker.number}
        </button>
      </h4>
      <dl className="jp-aml-Model-metrics">
        {names.map(name => (
          <div key={name}>
            <dt title={name}>{name}</dt>
            <dd>{number(maker.metrics[name])}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
