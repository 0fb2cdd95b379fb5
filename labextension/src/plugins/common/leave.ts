/** The way back from the sidebar to where the user came from. */

import type { JupyterFrontEnd } from '@jupyterlab/application';

/** Give the focus back to the main area. */
export function leave(app: JupyterFrontEnd): void {
  const current = app.shell.currentWidget;
  if (current) {
    app.shell.activateById(current.id);
  }
}
