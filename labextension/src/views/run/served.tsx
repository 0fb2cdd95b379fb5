/** The parts of a run that only a server can tell; the kernel's widget goes without them. */

import * as React from 'react';
import { plain } from '../../models/common/words';
import { Commands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import { later } from '../common/later';
import type { Parts } from './parts';

const ChildrenPane = later(async () => (await import('./ChildrenPane')).ChildrenPane);
const SystemPane = later(async () => (await import('./SystemPane')).SystemPane);
const CodePane = later(async () => (await import('./FilesPane')).CodePane);
const FilesPane = later(async () => (await import('./FilesPane')).FilesPane);
const RunDataPane = later(async () => (await import('./RunDataPane')).RunDataPane);
const FactsPane = later(async () => (await import('./FactsPane')).FactsPane);

/** The parts, given the way to other pages. */
export function servedParts(run: RunCommand, trans: Trans = plain): Parts {
  return {
    visit: runId => run(Commands.open, { runId }),
    run,
    files: FilesPane,
    tabs: (model, parts) => [
      {
        id: 'children',
        label: trans('Children'),
        pane: () => <ChildrenPane model={model} parts={parts} />
      },
      { id: 'system', label: trans('System'), pane: () => <SystemPane model={model} /> },
      { id: 'code', label: trans('Code'), pane: () => <CodePane model={model} /> },
      {
        id: 'data',
        label: trans('Data'),
        pane: () => <RunDataPane model={model} parts={parts} />
      },
      { id: 'facts', label: trans('Environment'), pane: () => <FactsPane model={model} /> }
    ]
  };
}
