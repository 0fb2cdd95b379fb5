/** The data of the workspace: what the sidebar shows of it. */

import * as React from 'react';
import type { StoresModel } from '../../models/data/stores';
import type { Trans } from '../../tokens';
import { Filter } from '../common/Filter';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Split } from '../common/Split';
import { DatasetsList } from './DatasetsList';
import type { DatasetsListProps } from './DatasetsList';
import { StoresTree } from './StoresTree';
import type { StoresTreeProps } from './StoresTree';

/** What is remembered of the panel when the page is left. */
export interface DataMemory {
  /** The part of the height that the data sets have. */
  share: number;
}

export interface DataPaneProps extends DatasetsListProps, StoresTreeProps {
  stores: StoresModel;
  memory: DataMemory;
  remember(change: Partial<DataMemory>): void;
  trans: Trans;
}

export function DataPane(props: DataPaneProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Data {...props} />
    </TransContext.Provider>
  );
}

function Data(props: DataPaneProps): JSX.Element {
  const { datasets, stores, memory, remember } = props;
  const trans = useTrans();
  useSignal(datasets.changed, 100);
  useSignal(stores.changed, 100);
  const [filter, setFilter] = React.useState('');
  return (
    <>
      <Filter
        label={trans('Filter the data sets')}
        text={filter}
        change={setFilter}
        total={datasets.hasLoaded ? datasets.rows.length : null}
      />
      <Split
        label={trans('Height of the data sets')}
        share={memory.share}
        move={share => remember({ share })}
        upper={<DatasetsList {...props} filter={filter} />}
        lower={<StoresTree {...props} />}
      />
    </>
  );
}
