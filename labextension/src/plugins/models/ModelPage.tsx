/** The page that one model fills. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ModelPageModel } from '../../models/models/model';
import type { ModelViewProps } from '../../views/models/ModelView';

// Not with the page of Lab: few visits to it open one of these.
const ModelView = React.lazy(async () => ({
  default: (await import('../../views/models/ModelView')).ModelView
}));

/** The page of one model in the main area; it follows the model while it is open. */
export class ModelPage extends ReactWidget {
  constructor(
    readonly model: ModelPageModel,
    private readonly given: Omit<ModelViewProps, 'model'>
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
        <ModelView {...this.given} model={this.model} />
      </React.Suspense>
    );
  }
}
