/** The page that one environment fills. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { EnvironmentModel } from '../../models/environments/environment';
import type { EnvironmentViewProps } from '../../views/environments/EnvironmentView';

// Not with the page of Lab: few visits to it open one of these.
const EnvironmentView = React.lazy(async () => ({
  default: (await import('../../views/environments/EnvironmentView')).EnvironmentView
}));

/** The page of one environment in the main area; it follows the environment while it is open. */
export class EnvironmentPage extends ReactWidget {
  constructor(
    readonly model: EnvironmentModel,
    private readonly given: Omit<EnvironmentViewProps, 'model'>
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
        <EnvironmentView {...this.given} model={this.model} />
      </React.Suspense>
    );
  }
}
