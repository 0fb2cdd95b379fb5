/** The page that a comparison fills. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { ComparisonModel } from '../../models/compare/comparison';
import type { IServer, Trans } from '../../tokens';
import { later } from '../../views/common/later';
import type { ComparisonProps } from '../../views/compare/Comparison';

/** The view of a comparison, whose code comes when the first one is shown. */
export const LaterComparison = later<ComparisonProps>(
  async () => (await import('../../views/compare/Comparison')).Comparison
);

/** The page in the main area with some runs side by side. */
export class ComparePage extends ReactWidget {
  constructor(
    readonly runIds: readonly string[],
    live: IServer,
    private readonly trans: Trans,
    private readonly open: (runId: string) => void
  ) {
    super();
    this.addClass('jp-aml-ComparePage');
    this.model = new ComparisonModel(runIds, live);
  }

  override dispose(): void {
    this.model.stop();
    super.dispose();
  }

  protected override render(): JSX.Element {
    return <LaterComparison model={this.model} form="page" trans={this.trans} open={this.open} />;
  }

  protected override onAfterAttach(message: never): void {
    super.onAfterAttach(message);
    void this.model.load();
  }

  private readonly model: ComparisonModel;
}
