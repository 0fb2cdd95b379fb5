import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { EnvironmentModel } from '../models/environment';
import { EnvironmentView } from '../views/EnvironmentView';
import type { EnvironmentViewProps } from '../views/EnvironmentView';

/** The page of one environment in the main area; it follows the environment while it is open. */
export class EnvironmentPage extends ReactWidget {
  constructor(
    readonly model: EnvironmentModel,
    private readonly given: Omit<EnvironmentViewProps, 'model'>
  ) {
    super();
    this.addClass('jp-aml-RunPage');
    model.start();
    void model.refresh();
  }

  override dispose(): void {
    this.model.stop();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return <EnvironmentView {...this.given} model={this.model} />;
  }
}
