/** The page that one run fills. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { RunCard } from '../../views/run/RunCard';
import type { Actions } from '../../views/run/actions';
import type { IRunLibrary } from './library';

/** The page of one run in the main area: the card, as high as the page. */
export class RunPage extends ReactWidget {
  constructor(
    readonly runId: string,
    private readonly library: IRunLibrary,
    private readonly actions: () => Actions
  ) {
    super();
    this.addClass('jp-aml-RunPage');
    this.unfollow = library.runs.follow(runId);
  }

  override dispose(): void {
    this.unfollow();
    super.dispose();
  }

  protected override render(): JSX.Element {
    const run = this.library.runs.get(this.runId);
    return (
      <RunCard
        model={run}
        form="page"
        trans={this.library.trans}
        parts={this.library.parts}
        actions={this.actions}
        cancel={() => run.cancel()}
      />
    );
  }

  private readonly unfollow: () => void;
}
