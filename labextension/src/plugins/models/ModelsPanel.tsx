/** The models in the sidebar; they are followed while the sidebar is in sight. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ModelList } from '../../models/models/models';
import type { ISidebar } from '../../tokens';
import { ModelsPane } from '../../views/models/ModelsPane';
import type { ModelsPaneProps } from '../../views/models/ModelsPane';
import { followed } from '../common/followed';

type Given = Pick<ModelsPaneProps, 'run' | 'leave' | 'drag' | 'trans'>;

export class ModelsPanel extends ReactWidget {
  constructor(
    readonly model: ModelList,
    sidebar: ISidebar,
    private readonly given: Given
  ) {
    super();
    this.follow = followed(model, sidebar, () => this.isVisible);
  }

  /** The model that is selected in the list. */
  selected: string | null = null;

  protected override render(): JSX.Element {
    return (
      <ModelsPane
        {...this.given}
        model={this.model}
        selected={this.selected}
        select={name => {
          this.selected = name;
          this.update();
        }}
      />
    );
  }

  protected override onAfterShow(): void {
    this.follow();
  }

  protected override onAfterHide(): void {
    this.follow();
  }

  protected override onActivateRequest(): void {
    const place =
      this.node.querySelector<HTMLElement>('[role=listbox]') ?? this.node.querySelector('input');
    place?.focus();
  }

  private readonly follow: () => void;
}
