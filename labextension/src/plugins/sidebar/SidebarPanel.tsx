/** The panel itself: tabs at the top, and below them the widget of the noun that is chosen. */

import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Panel } from '@lumino/widgets';
import * as React from 'react';
import { Signal } from '../../models/common/signal';
import type { ISidebar, SidebarSection, Trans } from '../../tokens';
import { Strip, tabId } from '../../views/sidebar/Strip';
import { flaskIcon } from '../common/icons';
import type { Memory } from '../common/memory';

export interface SidebarMemory {
  workspace: string;
  section: string;
}

interface Given {
  trans: Trans;
  workspaces(): Promise<string[]>;
  /** Brings the panel to the front. */
  activate(): void;
}

export class SidebarPanel extends Panel implements ISidebar {
  constructor(
    private readonly memory: Memory<SidebarMemory>,
    private readonly given: Given
  ) {
    super();
    this.id = 'jupyter-aml-sidebar';
    this.addClass('jp-aml-Sidebar');
    this.title.icon = flaskIcon;
    this.title.caption = 'AML';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this.head = new Head(() => this.strip());
    this.addWidget(this.head);
  }

  readonly changed = new Signal();
  isSeen = false;

  get workspace(): string {
    return this.memory.value.workspace;
  }

  add(section: SidebarSection): IDisposable {
    this.sections = [...this.sections, section].sort((one, other) => one.rank - other.rank);
    const { widget, activity } = section;
    widget.id ||= `jupyter-aml-sidebar-${section.id}`;
    widget.addClass('jp-aml-Sidebar-section');
    widget.node.setAttribute('role', 'tabpanel');
    widget.node.setAttribute('aria-labelledby', tabId(section.id));
    const deafen = activity?.changed.subscribe(() => this.head.update());
    this.arrange();
    this.addWidget(widget);
    return new DisposableDelegate(() => {
      deafen?.();
      this.sections = this.sections.filter(one => one !== section);
      widget.parent = null;
      this.arrange();
    });
  }

  open(id: string): void {
    this.choose(id);
    this.given.activate();
  }

  /** Show what was remembered. */
  restore(): void {
    this.arrange();
    this.changed.emit();
  }

  protected override onAfterShow(): void {
    this.isSeen = true;
    this.changed.emit();
  }

  protected override onAfterHide(): void {
    this.isSeen = false;
    this.changed.emit();
  }

  protected override onActivateRequest(): void {
    this.current?.widget.activate();
  }

  private get current(): SidebarSection | undefined {
    return this.sections.find(one => one.id === this.memory.value.section) ?? this.sections[0];
  }

  private choose(section: string): void {
    this.memory.keep({ section });
    this.arrange();
  }

  /** Show the widget of the noun that is chosen, and no other. */
  private arrange(): void {
    const { current } = this;
    this.sections.forEach(one => one !== current && one.widget.hide());
    current?.widget.show();
    this.head.update();
  }

  turnTo(workspace: string): void {
    this.memory.keep({ workspace });
    this.changed.emit();
    this.head.update();
  }

  private strip(): JSX.Element {
    const { trans, workspaces } = this.given;
    return (
      <Strip
        tabs={this.sections.map(({ id, label, icon, widget, activity }) => ({
          id,
          label,
          pane: widget.id,
          icon: <icon.react tag="span" />,
          count: activity?.count() ?? 0,
          words: activity?.words() ?? ''
        }))}
        chosen={this.current?.id ?? ''}
        choose={id => this.choose(id)}
        workspace={this.workspace}
        workspaces={workspaces}
        turn={workspace => this.turnTo(workspace)}
        refresh={() => this.current?.refresh?.()}
        trans={trans}
      />
    );
  }

  private readonly head: Head;
  private sections: SidebarSection[] = [];
}

class Head extends ReactWidget {
  constructor(private readonly draw: () => JSX.Element) {
    super();
    this.addClass('jp-aml-Sidebar-head');
  }

  protected override render(): JSX.Element {
    return this.draw();
  }
}
