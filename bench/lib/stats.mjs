// The arithmetic of the benchmark. Pure.

/**
 * @param {readonly number[] | Float64Array} sorted ascending
 * @param {number} q 0 to 1
 * @returns {number} the smallest value that at least the share `q` does not exceed; NaN of nothing
 */
export function quantile(sorted, q) {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/**
 * @typedef {object} Spread one figure over the rounds
 * @property {number} median
 * @property {number} min
 * @property {number} max
 */

/**
 * @param {readonly number[]} values of the rounds; what a round could not measure (NaN) is left out
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? sorted[Math.floor(middle)]
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/**
 * Divides round by round, so that what disturbed a whole round disturbs both sides of its ratio.
 *
 * @param {readonly number[]} above
 * @param {readonly number[]} below
 * @returns {Spread}
 */
export function ratioSpread(above, below) {
  return spread(above.map((value, round) => value / below[round]));
}

/**
 * @param {Readonly<Record<string, number>>} counts
 * @returns {Record<string, number>} each one's share of the sum
 */
export function shares(counts) {
  const sum = Object.values(counts).reduce((a, b) => a + b, 0);
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / sum]));
}
