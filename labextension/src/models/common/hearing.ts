/** What a view knows of its connection: whether the server is heard, and since when it is not. */

import type { Link } from '../../tokens';

/** Whether the server is heard, and of when that is which it said last. */
export class Hearing {
  link: Link = { state: 'idle', message: '' };
  /** When it was heard for the last time; null while it never was, or is heard now. */
  lostAt: string | null = null;
  /** Whether it was heard at all. */
  wasHeard = false;

  get isHeard(): boolean {
    return this.link.state === 'online';
  }

  /** Whether it was looked for and is not there. */
  get isAway(): boolean {
    return ['offline', 'missing', 'outdated'].includes(this.link.state);
  }

  /** Take news of the link; tells whether the server has come back just now. */
  take(link: Link, now = new Date()): boolean {
    const [before, isOnline] = [this.isHeard, link.state === 'online'];
    this.link = link;
    this.wasHeard ||= isOnline;
    if (isOnline) {
      this.lostAt = null;
    } else if (before) {
      this.lostAt = now.toISOString();
    }
    return isOnline && !before;
  }
}
