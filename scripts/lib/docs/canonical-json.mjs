/**
 * @param {unknown} value
 * @returns {string} the value as JSON text with its keys in alphabetical order, so that equal values give equal texts
 */
export function canonicalJson(value) {
  return `${JSON.stringify(sorted(value), undefined, 2)}\n`;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
