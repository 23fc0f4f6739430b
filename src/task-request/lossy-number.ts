/**
 * Where a JSON value has a number that would not be sent on as it came: beyond what JavaScript counts exactly, or beyond
 * what it can hold at all.
 *
 * @returns the path to the first one, or nothing
 */
export function lossyNumber(value: unknown): readonly string[] | undefined {
  if (typeof value === 'number') return isKept(value) ? undefined : [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const path = lossyNumber(child);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}

function isKept(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
