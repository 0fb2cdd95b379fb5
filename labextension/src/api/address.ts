/** Parts of addresses, which lead nowhere else whatever a name says. */

/** The address of a run. */
export function run(runId: string): string {
  return `runs/${id(runId)}`;
}

/** The id as a part of an address; what is none is one word, and leads to no other route. */
export function id(runId: string): string {
  return /^[\w-]+$/.test(runId) ? runId : encoded(`/${runId}`);
}

/** A name as one part of an address, whatever stands in it. */
export function word(name: string): string {
  return /^\.*$/.test(name) ? encoded(`/${name}`) : encoded(name);
}

/**
 * The name as a part of an address.
 *
 * Browsers walk up at `..`, also where it is written `%2e%2e`: a name with such a step is sent as
 * one word, which is a name of nothing to the server, and it says so.
 */
export function path(name: string): string {
  const parts = name.split('/');
  const isStray = parts.some(part => part === '' || part === '.' || part === '..');
  return isStray ? encoded(`/${name}`) : parts.map(encoded).join('/');
}

/** Half of a surrogate pair, which stands for a byte that is no text, has no form in an address. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

/** What a field of a query may be; what is nothing is left out. */
export type Asked = string | number | string[] | null | undefined;

/** Fields as the query of an address. */
export function query(fields: Record<string, Asked>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') {
        asked.append(name, String(one));
      }
    }
  }
  const text = asked.toString();
  return text && `?${text}`;
}
