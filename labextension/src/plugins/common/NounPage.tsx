/** A page in the main area that shows one registered thing, whichever noun it is of. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Loaded } from '../../models/common/loaded';

/** What a view is given besides its model. */
export type Given<P> = Omit<P, 'model'>;

/** Follows its model while it is open, and loads it again whenever it comes to the front. */
export class NounPage<M extends Loaded, P extends { model: M }> extends ReactWidget {
  constructor(
    readonly model: M,
    private readonly given: Given<P>,
    private readonly View: React.ComponentType<P>
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
    const { View } = this;
    const props = { ...this.given, model: this.model } as unknown as P;
    return (
      <React.Suspense fallback={null}>
        <View {...props} />
      </React.Suspense>
    );
  }
}
