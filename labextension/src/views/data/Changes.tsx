/** What has changed behind a data set since it was registered. */

import * as React from 'react';
import { Fold } from '../common/Fold';
import { useTrans } from '../common/hooks';
import { useRenewed } from '../common/later';
import type { DatasetPartProps } from './DatasetView';

const MOST_NAMED = 50;

/** A warning where something is other than it was; nothing where all is as it was. */
export function Changes({ model, one }: DatasetPartProps): JSX.Element | null {
  const trans = useTrans();
  const [isOpen, setOpen] = React.useState(false);
  const { rest, wanted, round } = model;
  const asked = useRenewed(
    one.files === null ? null : () => rest.datasetChanges(wanted),
    one.id,
    round
  );
  if (asked.problem !== null) {
    return (
      <div className="jp-aml-Warnings">
        <p className="jp-aml-Warning">⚠ {asked.problem}</p>
      </div>
    );
  }
  if (!asked.value || asked.value.count === 0) {
    return null;
  }
  const { count, added, removed, changed } = asked.value;
  const names = [
    ...changed.map(name => trans('%1 has changed', name)),
    ...removed.map(name => trans('%1 is gone', name)),
    ...added.map(name => trans('%1 is new', name))
  ];
  return (
    <div className="jp-aml-Warnings jp-aml-Changes">
      <p className="jp-aml-Warning">
        ⚠{' '}
        {trans(
          'What lies behind this version is not what it was when it was registered. ' +
            'Register it again to have a version of what is there now.'
        )}
      </p>
      <Fold
        title={trans('What changed')}
        count={count}
        isOpen={isOpen}
        toggle={() => setOpen(!isOpen)}
      >
        <ul>
          {names.slice(0, MOST_NAMED).map(name => (
            <li key={name}>{name}</li>
          ))}
          {count > MOST_NAMED && <li>{trans('and %1 more', count - MOST_NAMED)}</li>}
        </ul>
      </Fold>
    </div>
  );
}
