/** How a data set is defined: where its files lie, how they are read, and what is kept. */

import * as React from 'react';
import { moment, size } from '../../models/common/words';
import { stepWords } from '../../models/data/steps';
import type { WireDataset } from '../../wire';
import { Copy } from '../common/Control';
import { useTrans } from '../common/hooks';
import { Mapping, Pairs } from '../common/Pairs';

const MOST_SOURCES = 200;

export function DefinitionPane({ one }: { one: WireDataset }): JSX.Element {
  const trans = useTrans();
  const { files, sources, steps } = one;
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      <section aria-label={trans('Sources')}>
        <h4>{trans('Sources')}</h4>
        <ul className="jp-aml-Dataset-list">
          {sources.slice(0, MOST_SOURCES).map(({ datastore, path }, i) => (
            <li key={i}>
              {datastore !== null && `${datastore} · `}
              <code>{path}</code>
            </li>
          ))}
          {sources.length > MOST_SOURCES && (
            <li>{trans('and %1 more', sources.length - MOST_SOURCES)}</li>
          )}
        </ul>
      </section>
      <section aria-label={trans('Steps')}>
        <h4>{trans('Steps')}</h4>
        <ol className="jp-aml-Dataset-list">
          {steps.map((step, i) => (
            <li key={i}>{stepWords(step, trans)}</li>
          ))}
        </ol>
      </section>
      <Pairs
        pairs={[
          [
            trans('Id'),
            <React.Fragment key="id">
              <code>{one.id}</code> <Copy text={one.id} label={trans('Copy the id')} />
            </React.Fragment>
          ],
          [trans('Description'), one.description],
          [trans('Registered'), moment(one.createdAt)],
          [trans('Files then'), files && trans('%1 with %2', files.count, size(files.size))],
          [trans('Newest of them'), files && moment(files.changed)]
        ]}
      />
      <Mapping title={trans('Tags')} values={one.tags} />
    </div>
  );
}
