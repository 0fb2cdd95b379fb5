/** The pages of targets: of one that is there, and of one that is written. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { TargetPageModel } from '../../models/compute/target';
import type { TargetWriting } from '../../models/compute/writing';
import type { TargetViewProps } from '../../views/compute/TargetView';
import type { TargetWriterProps } from '../../views/compute/TargetWriter';

// Not with the page of Lab: few visits to it open one of these.
const TargetView = React.lazy(async () => ({
  default: (await import('../../views/compute/TargetView')).TargetView
}));
const TargetWriter = React.lazy(async () => ({
  default: (await import('../../views/compute/TargetWriter')).TargetWriter
}));

/** The page of one target in the main area; it follows the target while it is open. */
export class TargetPage extends ReactWidget {
  constructor(
    readonly model: TargetPageModel,
    private readonly given: Omit<TargetViewProps, 'model'>
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
        <TargetView {...this.given} model={this.model} />
      </React.Suspense>
    );
  }
}

/** The page on which a new target is written. */
export class TargetWriterPage extends ReactWidget {
  constructor(
    private readonly model: TargetWriting,
    private readonly given: Omit<TargetWriterProps, 'model'>
  ) {
    super();
    this.addClass('jp-aml-RunPage');
    void model.load();
  }

  protected override render(): JSX.Element {
    return (
      <React.Suspense fallback={null}>
        <TargetWriter {...this.given} model={this.model} />
      </React.Suspense>
    );
  }

  protected override onActivateRequest(): void {
    this.node.querySelector('input')?.focus();
  }
}
