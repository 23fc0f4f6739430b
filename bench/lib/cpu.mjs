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

/**
 * @returns {{ busy: number, total: number }} microseconds of all processors since the machine began, those that its
 *   host took away counted as busy
 */
export function machineTime() {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0];
  const [user, nice, system, idle, iowait, irq, softirq, steal] = line.split(/ +/).slice(1).map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy: busy * US_PER_TICK, total: (busy + idle + iowait) * US_PER_TICK };
}
