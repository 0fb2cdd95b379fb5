/** What a card can show only where a server is. */

import type { RunModel } from '../../models/run/run';
import type { RunCommand } from '../../tokens';
import type { Tab } from '../common/Tabs';

/** What a page with a server shows of a run beyond what a stored card holds. */
export interface Parts {
  /** Opens the page of a run. */
  visit(runId: string): void;
  /** Starts a command of the application, as to open the page of a data set. */
  run: RunCommand;
  /** The tabs of what only the server has. */
  tabs(model: RunModel, parts: Parts): Tab[];
  /** Shows files as a tree with what is in them. */
  files(props: { model: RunModel }): JSX.Element | null;
}
