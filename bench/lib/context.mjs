/**
 * What every scenario gets.
 *
 * @typedef {object} Context
 * @property {import('./options.mjs').Options} options
 * @property {(step: string) => void} begin tells of the next step; throws when the time for all of them is over
 */

/**
 * @param {import('./options.mjs').Options} options
 * @param {string} scenario
 * @param {number} deadline on `performance.now()`
 * @returns {Context}
 */
export function contextOf(options, scenario, deadline) {
  const began = performance.now();
  const begin = (step) => {
    const now = performance.now();
    if (now > deadline) throw new Error(`not begun, ${options.minutes} minutes are over: ${step}`);
    console.log(`${((now - began) / 1000).toFixed(0).padStart(4)} s  ${scenario}: ${step}`);
  };
  return { options, begin };
}
