/** What stands in the place of an answer of the server that is not there. */

import * as React from 'react';
import { Trouble } from './Control';
import { useTrans } from './hooks';
import type { Asked } from './later';

/** Why there is no answer, or that it is on its way. */
export function Waited<T>({ asked, words }: { asked: Asked<T>; words?: string }): JSX.Element {
  const trans = useTrans();
  return asked.problem !== null ? (
    <Trouble text={asked.problem} label={trans('Try again')} mend={asked.again} />
  ) : (
    <p className="jp-aml-Empty">{words ?? trans('Loading')}</p>
  );
}
