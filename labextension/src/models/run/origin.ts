/** Where the notebook of a run lies. */

/** The path of a notebook below the server's folder, as Jupyter names it; null if it is not there. */
export function serverPath(notebook: string | null, root: string): string | null {
  if (!notebook) {
    return null;
  }
  if (!notebook.startsWith('/')) {
    return notebook;
  }
  // Jupyter writes ~ for the home folder, which the page does not know.
  const home = /^(?:\/root|\/(?:home|Users)\/[^/]+)/.exec(notebook)?.[0];
  if (root.startsWith('~') && home === undefined) {
    return null;
  }
  const folder = root.replace(/^~/, home ?? '~').replace(/\/$/, '') + '/';
  return notebook.startsWith(folder) ? notebook.slice(folder.length) : null;
}
