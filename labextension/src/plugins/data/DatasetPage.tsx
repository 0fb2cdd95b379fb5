/** The page that one data set fills. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { DatasetPageModel } from '../../models/data/dataset';
import type { DatasetViewProps } from '../../views/data/DatasetView';

// Not with the page of Lab: few visits to it open one of these.
const DatasetView = React.lazy(async () => ({
  default: (await import('../../views/data/DatasetView')).DatasetView
}));

/** The page of one data set in the main area; it follows the data set while it is open. */
export class DatasetPage extends ReactWidget {
  constructor(
    readonly model: DatasetPageModel,
    private readonly given: Omit<DatasetViewProps, 'model'>
  ) {
    super();
    this.addClass('jp-aml-RunPage');
    model.start();
  }

  override dispose(): void {
    this.model.stop();
    super.dispose();
  }

  protected override onAfterShow(): void {
    void this.model.refresh();
  }

  protected override render(): JSX.Element {
    return (
      <React.Suspense fallback={null}>
        <DatasetView {...this.given} model={this.model} />
      </React.Suspense>
    );
  }
}
