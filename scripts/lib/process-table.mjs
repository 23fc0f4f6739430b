// What the operating system knows about one process: from /proc on Linux, from `ps` elsewhere.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Looks a process up.
 *
 * @param {number} pid
 * @returns {{ ppid: number, command: string, started: string } | undefined} `started` names the moment the
 *   process began, in letters, digits and dots only; undefined when there is no such process. A zombie counts
 *   as none: it has ended and only waits for its parent to notice.
 */
export function lookUp(pid) {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/**
 * A name that no other process ever has: the pid and the moment it began. A recycled pid gives another name.
 *
 * @param {number} pid
 * @returns {string | undefined} for example `4711.5f2c91d0.88123`; undefined when the process has ended.
 */
export function identify(pid) {
  const found = lookUp(pid);
  return found && `${pid}.${found.started}`;
}

/**
 * @param {string} identity as given by `identify`
 * @returns {boolean} whether that very process still runs
 */
export function isAlive(identity) {
  return identify(pidOf(identity)) === identity;
}

/**
 * @param {string} identity as given by `identify`
 * @returns {number} the pid in it
 */
export function pidOf(identity) {
  return Number.parseInt(identity, 10);
}

function fromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command stands in brackets and may itself hold brackets and spaces.
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const command = stat.slice(stat.indexOf('(') + 1, close);
  return { ppid: Number(fields[1]), command, started: `${bootId()}.${fields[19]}` };
}

// Start times count from the boot, so the same pid and time can come back after a reboot.
function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

function fromPs(pid) {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const format = ['stat', 'ppid', 'lstart', 'comm'].flatMap((field) => ['-o', `${field}=`]);
    const line = execFileSync('ps', [...format, '-p', String(pid)], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [state, ppid, ...rest] = line.trim().split(/\s+/);
    if (state.startsWith('Z')) return undefined;
    const command = rest.slice(5).join(' ').split('/').pop();
    return { ppid: Number(ppid), command, started: rest.slice(0, 5).join('').replaceAll(':', '') };
  } catch {
    return undefined;
  }
}
