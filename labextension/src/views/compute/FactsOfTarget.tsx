/** How a target does: how busy it was, how large it may become, and what it is. */

import * as React from 'react';
import { duration, moment } from '../../models/common/words';
import { isBounded, mostWords, sizeWords } from '../../models/compute/faces';
import { isOwn, settingsOf } from '../../models/compute/targets';
import { useTrans } from '../common/hooks';
import { Mapping, Pairs } from '../common/Pairs';
import { SizeForm } from './SizeForm';
import type { TargetPartProps } from './TargetView';
import { UseChart } from './UseChart';

export function FactsOfTarget({ model, one }: TargetPartProps): JSX.Element {
  const trans = useTrans();
  const { kind, size } = model;
  const isScaled = isOwn(one) && (kind?.isScaled ?? false);
  const facts = size && sizeWords(size, trans);
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      <section aria-label={trans('Use')}>
        <h4>{trans('Use')}</h4>
        <UseChart samples={model.samples} />
      </section>
      {isScaled && <SizeForm key={one.name} model={model} one={one} />}
      <section aria-label={trans('Facts')}>
        <h4>{trans('Facts')}</h4>
        <Pairs
          pairs={[
            [trans('Kind'), kind?.label ?? one.kind],
            [trans('Type in SDK v1'), one.type],
            [
              trans('Size of a node'),
              one.vmSize && [one.vmSize, facts].filter(Boolean).join(' · ')
            ],
            [
              trans('Priority'),
              isScaled &&
                (one.vmPriority === 'lowpriority' ? trans('low priority') : trans('dedicated'))
            ],
            [
              trans('A node leaves'),
              isScaled && trans('when it was idle for %1', duration(one.idleSeconds))
            ],
            [trans('Runs at once'), isBounded(one) && one.slots],
            [trans('One run'), mostWords(one, trans)],
            [one.isAttached ? trans('Attached') : trans('Created'), moment(one.createdAt)],
            [trans('Changed'), one.changedAt === one.createdAt ? '' : moment(one.changedAt)]
          ].map(([name, value]) => [name as string, value === false ? '' : value])}
        />
      </section>
      <Mapping title={trans('Settings')} values={settingsOf(one, kind, trans)} />
      <Mapping title={trans('Tags')} values={one.tags} />
    </div>
  );
}
