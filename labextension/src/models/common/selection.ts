/** Which rows of a list are selected after a press, as trees and file browsers do it. */

/** What is selected in a list: by itself, one more or less, or all up to there. */
export type Reach = 'only' | 'toggle' | 'range' | 'keep';

/** The selected ids, that which was taken last, and where a range begins. */
export interface Selection {
  ids: ReadonlySet<string>;
  lead: string | null;
  anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), lead: null, anchor: null };

/** The selection after one row was pressed; `order` is all rows from top to bottom. */
export function pressed(
  before: Selection,
  id: string,
  reach: Reach,
  order: readonly string[]
): Selection {
  if (reach === 'keep' && before.ids.has(id)) {
    return { ...before, lead: id };
  }
  if (reach === 'range' && before.anchor !== null) {
    const [from, to] = [order.indexOf(before.anchor), order.indexOf(id)];
    if (from >= 0 && to >= 0) {
      const ids = order.slice(Math.min(from, to), Math.max(from, to) + 1);
      return { ids: new Set(ids), lead: id, anchor: before.anchor };
    }
  }
  if (reach === 'toggle') {
    const ids = new Set(before.ids);
    if (!ids.delete(id)) {
      ids.add(id);
    }
    return { ids, lead: ids.has(id) ? id : (ids.values().next().value ?? null), anchor: id };
  }
  return { ids: new Set([id]), lead: id, anchor: id };
}

/** All of them. */
export function whole(order: readonly string[]): Selection {
  return { ids: new Set(order), lead: order.at(-1) ?? null, anchor: order[0] ?? null };
}

/** The selection without what is there no longer. */
export function within(selection: Selection, there: (id: string) => boolean): Selection {
  const ids = [...selection.ids].filter(there);
  if (ids.length === selection.ids.size) {
    return selection;
  }
  const { lead, anchor } = selection;
  return {
    ids: new Set(ids),
    lead: lead !== null && there(lead) ? lead : (ids.at(-1) ?? null),
    anchor: anchor !== null && there(anchor) ? anchor : null
  };
}
