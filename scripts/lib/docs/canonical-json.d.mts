/** The value as JSON text with its keys in alphabetical order, so that equal values give equal texts. */
export function canonicalJson(value: unknown): string;
