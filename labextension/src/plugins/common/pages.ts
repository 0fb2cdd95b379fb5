/** Pages of the main area, and which thing a command is about. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { WidgetTracker } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import type { ISidebar, Trans, Wanted } from '../../tokens';

/** Which version a command is about; null for none. */
export type WantedBy = (args: ReadonlyPartialJSONObject) => Wanted | null;

export function mainPage<T extends Widget>(
  content: T,
  id: string,
  label: string,
  icon: LabIcon
): MainAreaWidget<T> {
  const page = new MainAreaWidget({ content });
  page.id = id;
  page.title.label = label;
  page.title.caption = label;
  page.title.icon = icon;
  page.title.closable = true;
  page.toolbar.hide();
  return page;
}

export function showPage(app: JupyterFrontEnd, page: MainAreaWidget): void {
  if (!page.isAttached) {
    // A page of Notebook has room for one document in its middle.
    app.shell.add(page, app.name === 'Jupyter Notebook' ? 'right' : 'main', { type: 'AML' });
  }
  app.shell.activateById(page.id);
}

/** Where a command looks for what it is about. */
interface Places<T extends Widget> {
  app: JupyterFrontEnd;
  sidebar: ISidebar;
  pages: WidgetTracker<MainAreaWidget<T>>;
  /** The name that is selected in the list. */
  selected(): string | null;
  /** What a page shows. */
  shown(page: T): Wanted;
}

/** The version that a command names, that of the page in front, or the one that is selected. */
export function wantedBy<T extends Widget>(places: Places<T>): WantedBy {
  const { app, sidebar, pages, selected, shown } = places;
  // A menu takes the focus, so it is remembered where it was.
  let isOnPage = false;
  sidebar.node.addEventListener('focusin', () => (isOnPage = false));
  pages.widgetAdded.connect((_, page) => {
    page.node.addEventListener('focusin', () => (isOnPage = true));
  });
  pages.currentChanged.connect(() => (isOnPage = true));
  return args => {
    const text = (key: string): string | undefined =>
      typeof args[key] === 'string' ? (args[key] as string) : undefined;
    const page = pages.currentWidget;
    const isPage = isOnPage && page !== null && page === app.shell.currentWidget;
    const wanted = isPage ? shown(page.content) : null;
    const workspace = text('workspace') ?? wanted?.workspace ?? sidebar.workspace;
    const name = text('name');
    if (name !== undefined) {
      return { workspace, name, version: text('version') };
    }
    const chosen = selected();
    return wanted ?? (chosen === null ? null : { workspace, name: chosen });
  };
}

/** The arguments of a command about something registered. */
export function argumentsOf(noun: string, trans: Trans): { args: ReadonlyJSONObject } {
  const name = trans('The name of the %1; without it, the one that is selected.', noun);
  return {
    args: {
      type: 'object',
      properties: {
        name: { type: 'string', description: name },
        version: { type: 'string', description: trans('A version; without it, the newest.') },
        workspace: {
          type: 'string',
          description: trans('Its workspace; without it, the one that is shown.')
        }
      }
    }
  };
}
