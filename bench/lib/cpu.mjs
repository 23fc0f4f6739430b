import { readFileSync } from 'node:fs';

/** The kernel tells user programs of CPU time in hundredths of a second, whatever its own tick is. */
const US_PER_TICK = 10_000;

/**
 * @param {number} pid
 * @returns {number} CPU time that the process has used so far, user and system, all threads, in microseconds
 */
function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command stands in brackets and may itself hold brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
}

/**
 * @param {Readonly<Record<string, number>>} pids
 * @returns {Record<string, number>} CPU time by the same names
 */
export function cpuOfAll(pids) {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuOf(pid)]));
}
