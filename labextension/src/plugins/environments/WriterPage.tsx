/** The page that a new environment is written on. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { WritingModel } from '../../models/environments/writing';
import type { EnvironmentWriterProps } from '../../views/environments/EnvironmentWriter';

const EnvironmentWriter = React.lazy(async () => ({
  default: (await import('../../views/environments/EnvironmentWriter')).EnvironmentWriter
}));

/** The page on which a new environment is written. */
export class WriterPage extends ReactWidget {
  constructor(
    private readonly model: WritingModel,
    private readonly given: Omit<EnvironmentWriterProps, 'model'>
  ) {
    super();
    this.addClass('jp-aml-RunPage');
  }

  override dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return (
      <React.Suspense fallback={null}>
        <EnvironmentWriter {...this.given} model={this.model} />
      </React.Suspense>
    );
  }

  protected override onActivateRequest(): void {
    this.node.querySelector('input')?.focus();
  }
}
