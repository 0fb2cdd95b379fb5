/** Data sets and datastores in the sidebar; they are followed while they are in sight. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Drag } from '@lumino/dragdrop';
import * as React from 'react';
import type { DatasetList } from '../../models/data/datasets';
import type { StoreNode, StoresModel } from '../../models/data/stores';
import type { ISidebar } from '../../tokens';
import { DataPane } from '../../views/data/DataPane';
import type { DataMemory, DataPaneProps } from '../../views/data/DataPane';
import { placeAt } from '../../views/data/StoresTree';
import { followed } from '../common/followed';
import type { Memory } from '../common/memory';

/** The MIME type under which the file browser hands out paths. */
const CONTENTS = 'application/x-jupyter-icontents';

interface Given extends Pick<DataPaneProps, 'run' | 'leave' | 'drag' | 'trans'> {
  /** Reads a file of the file browser. */
  read(path: string): Promise<File>;
  /** Says why a file cannot be read. */
  refuse(error: unknown): void;
}

export class DataPanel extends ReactWidget {
  constructor(
    readonly datasets: DatasetList,
    readonly stores: StoresModel,
    sidebar: ISidebar,
    private readonly memory: Memory<DataMemory>,
    private readonly given: Given
  ) {
    super();
    const isSeen = (): boolean => this.isVisible;
    const follows = [datasets, stores].map(list => followed(list, sidebar, isSeen));
    this.follow = () => follows.forEach(look => look());
    void memory.recall().then(() => this.update());
  }

  /** The data set that is selected in the list. */
  selected: string | null = null;
  /** What is chosen in the tree of datastores. */
  chosen: StoreNode | null = null;

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'lm-dragenter':
      case 'lm-dragover':
        this.dragOver(event as Drag.Event);
        break;
      case 'lm-drop':
        void this.drop(event as Drag.Event);
        break;
    }
  }

  protected override render(): JSX.Element {
    const { memory, datasets, stores } = this;
    return (
      <DataPane
        {...this.given}
        datasets={datasets}
        stores={stores}
        memory={memory.value}
        remember={change => {
          memory.keep(change);
          this.update();
        }}
        selected={this.selected}
        select={name => {
          this.selected = name;
          this.update();
        }}
        chosen={this.chosen}
        choose={node => {
          this.chosen = node;
          this.update();
        }}
      />
    );
  }

  protected override onAfterAttach(): void {
    super.onAfterAttach({ type: 'after-attach' } as never);
    for (const name of ['lm-dragenter', 'lm-dragover', 'lm-drop']) {
      this.node.addEventListener(name, this);
    }
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

  /** Files of the file browser may be dropped where files of the desktop may. */
  private dragOver(event: Drag.Event): void {
    if (event.mimeData.hasData(CONTENTS) && placeAt(event.target, this.stores)) {
      event.preventDefault();
      event.stopPropagation();
      event.dropAction = event.supportedActions === 'move' ? 'move' : 'copy';
    }
  }

  private async drop(event: Drag.Event): Promise<void> {
    const node = placeAt(event.target, this.stores);
    const paths = event.mimeData.getData(CONTENTS) as string[] | undefined;
    if (!node || !paths) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = event.supportedActions === 'move' ? 'move' : 'copy';
    try {
      const files = await Promise.all(paths.map(path => this.given.read(path)));
      this.stores.send(node.store.name, node.path, files);
    } catch (error) {
      this.given.refuse(error);
    }
  }

  private readonly follow: () => void;
}
