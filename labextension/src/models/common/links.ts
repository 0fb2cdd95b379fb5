/**
 * What an address asks to be opened: `?aml=run:<id>`, or `experiment:` and `compute:` with
 * `[<workspace>/]<name>`.
 */

export type Target =
  | { kind: 'run'; name: string }
  | { kind: 'experiment' | 'compute'; name: string; workspace: string };

const NAME = '[\\w][\\w.-]*';
const RUN = new RegExp(`^run:(${NAME})$`);
const NAMED = new RegExp(`^(experiment|compute):(?:(${NAME})/)?(${NAME})$`);

/** What the query of an address names; null where that is nothing we know. */
export function targetOf(search: string): Target | null {
  const asked = new URLSearchParams(search).get('aml') ?? '';
  const run = RUN.exec(asked);
  if (run) {
    return { kind: 'run', name: run[1] };
  }
  const named = NAMED.exec(asked);
  return named
    ? {
        kind: named[1] as 'experiment' | 'compute',
        name: named[3],
        workspace: named[2] ?? 'default'
      }
    : null;
}

/** The query without what it asked to be opened; all else stays as it is. */
export function withoutTarget(search: string): string {
  const others = search
    .replace(/^\?/, '')
    .split('&')
    .filter(part => part !== '' && !part.startsWith('aml='));
  return others.length > 0 ? `?${others.join('&')}` : '';
}
