/** The page that one data set fills. */

import * as React from 'react';
import type { DatasetPageModel } from '../../models/data/dataset';
import type { DatasetViewProps } from '../../views/data/DatasetView';
import { NounPage } from '../common/NounPage';
import type { Given } from '../common/NounPage';

// Not with the page of Lab: few visits to it open one of these.
const DatasetView = React.lazy(async () => ({
  default: (await import('../../views/data/DatasetView')).DatasetView
}));

/** The page of one data set in the main area. */
export class DatasetPage extends NounPage<DatasetPageModel, DatasetViewProps> {
  constructor(model: DatasetPageModel, given: Given<DatasetViewProps>) {
    super(model, given, DatasetView);
  }
}
