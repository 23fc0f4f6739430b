// A lock on a folder that needs no kernel lock (Node has none) and cannot go stale.
//
// Everybody who wants the folder first writes a claim file with a name of its own and then lists the folder.
// Whoever finds no other living claim has it. Of two that race, at least the later one sees the other, so
// never both win; and the one whose name sorts first waits while the other withdraws, so never both lose.
// A claim whose processes have ended is removed by whoever finds it: its name is never used again.
import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, pidOf } from './process-table.mjs';

const PREFIX = 'holder-';
const SETTLE_POLL_MS = 10;

/**
 * Takes the lock of a folder for this process.
 *
 * @param {string} folder an existing, writable folder
 * @param {(rival: Rival) => Promise<void>} onRival called when somebody else has the folder: throw to give up,
 *   return to try again (wait a little in between)
 * @returns {Promise<Claim>}
 * @throws what `onRival` throws; file errors of the folder
 *
 * @typedef {object} Rival
 * @property {number} pid the process that took the lock
 * @property {boolean} ownerAlive false when it has ended and only processes it had added still run
 * @property {number[]} survivors pids of the added processes that still run
 *
 * @typedef {object} Claim
 * @property {(pid: number) => void} add lets the lock last as long as this other process too
 * @property {() => void} release gives the folder back
 */
export async function claim(folder, onRival) {
  for (;;) {
    const mine = publish(folder);
    const rival = await settle(folder, mine);
    if (!rival) return take(join(folder, mine));
    rmSync(join(folder, mine), { force: true });
    await onRival(rival);
  }
}

/**
 * @param {string} name of a file
 * @returns {boolean} whether it is a claim
 */
export function isClaimFile(name) {
  return name.startsWith(PREFIX);
}

function publish(folder) {
  const name = `${PREFIX}${identify(process.pid)}-${randomBytes(4).toString('hex')}`;
  writeFileSync(join(folder, name), '', { flag: 'wx', mode: 0o600 });
  return name;
}

// The first line marks the claim as won; contenders need not wait for one that will not withdraw.
function take(path) {
  const add = (pid) => {
    const identity = identify(pid);
    if (identity) appendFileSync(path, `${identity}\n`);
  };
  add(process.pid);
  return { add, release: () => rmSync(path, { force: true }) };
}

async function settle(folder, mine) {
  for (;;) {
    const others = livingClaims(folder).filter((other) => other.name !== mine);
    const first = others.find((other) => other.won || !other.ownerAlive || other.name < mine);
    if (first || others.length === 0) return first;
    await sleep(SETTLE_POLL_MS);
  }
}

function livingClaims(folder) {
  const claims = readdirSync(folder).filter(isClaimFile);
  return claims.flatMap((name) => readClaim(folder, name) ?? []);
}

function readClaim(folder, name) {
  const path = join(folder, name);
  const owner = name.slice(PREFIX.length, name.lastIndexOf('-'));
  const members = readLines(path);
  if (!members) return undefined;
  const ownerAlive = isAlive(owner);
  const survivors = members.filter((member) => member !== owner && isAlive(member)).map(pidOf);
  if (ownerAlive || survivors.length > 0) {
    return { name, pid: pidOf(owner), ownerAlive, survivors, won: members.length > 0 };
  }
  rmSync(path, { force: true });
  return undefined;
}

function readLines(path) {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
