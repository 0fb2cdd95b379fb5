/** Lists of the sidebar are kept up to date while they are in sight, and only then. */

import type { ISidebar } from '../../tokens';

/** What can be followed in a workspace. */
interface Followed {
  /** Turn to a workspace; whether that is another one. */
  aim(workspace: string): boolean;
  start(): void;
  stop(): void;
  refresh(): Promise<void>;
}

/** Follow a list while it is seen; call the answer when it comes into sight or goes out of it. */
export function followed(list: Followed, sidebar: ISidebar, isSeen: () => boolean): () => void {
  let wasSeen = false;
  const look = (): void => {
    const isOther = list.aim(sidebar.workspace);
    const isThere = sidebar.isSeen && isSeen();
    if (!isThere) {
      list.stop();
    } else if (!wasSeen || isOther) {
      list.start();
      void list.refresh();
    }
    wasSeen = isThere;
  };
  sidebar.changed.subscribe(look);
  return look;
}
