/** Numbers as JSON tells them: not-a-number travels as null, infinity as text. */

/** The number that was sent; null for what is none. */
export function measure(value: unknown): number | null {
  if (value === 'Infinity' || value === '-Infinity') {
    return Number(value);
  }
  return typeof value === 'number' && !Number.isNaN(value) ? value : null;
}

/** The number as JSON can tell it, the way `measure` reads it. */
export function told(value: number | null): number | null {
  return value === Infinity || value === -Infinity ? (String(value) as unknown as number) : value;
}

/** Whether a value has a place on an axis. */
export function isFinite(value: number | null | undefined): value is number {
  return Number.isFinite(value);
}
