// A Redis server of our own for `npm start` and `npm test`: on loopback, behind a random password, ending when
// and only when the process that started it has gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claim } from './lib/claim.mjs';
import { prepareDataDir } from './lib/data-dir.mjs';
import { endGuard, launchRedis } from './lib/redis-launch.mjs';
import { findRedisServer, noRedisMessage } from './redis-binary.mjs';

const WAIT_POLL_MS = 25;
const ORPHAN_GRACE_MS = 2000;
const ORPHAN_WAIT_MS = 20_000; // the guard gives Redis 10 s to end before it kills it

/**
 * Starts a Redis server on 127.0.0.1 and waits until it serves.
 *
 * @param {object} options
 * @param {string} [options.dataDir] where the data live; created with mode 0700. Without it: a temporary folder
 *   that `stop` removes.
 * @param {boolean} options.appendOnly true: every write is on disk before it is answered; false: nothing is kept
 * @param {number} [options.port] default: any free one
 * @param {string} [options.password] hexadecimal; default: random
 * @returns {Promise<EmbeddedRedis>}
 * @throws {Error} when no server binary is there, the folder is in use (names the folder and the pid), the
 *   folder holds something else, or Redis does not come up (with the last lines of its log)
 *
 * @typedef {object} EmbeddedRedis
 * @property {string} url `redis://:<password>@127.0.0.1:<port>`
 * @property {string} password
 * @property {number} port
 * @property {number} pid of the Redis server
 * @property {string} dataDir absolute
 * @property {Promise<void>} exited resolves when Redis has ended, for whatever reason
 * @property {boolean} stopping whether `stop` has been called
 * @property {() => Promise<void>} stop ends Redis in an orderly way; safe to call again
 */
export async function startRedis(options) {
  const server = findRedisServer();
  if (!server) throw new Error(noRedisMessage());
  const temporary = options.dataDir === undefined;
  const dataDir = temporary ? mkdtempSync(join(tmpdir(), 'task-runner-redis-')) : resolve(options.dataDir);
  prepareDataDir(dataDir);
  const lock = await claim(dataDir, refuseOrWait(dataDir));
  const release = () => (temporary ? rmSync(dataDir, { recursive: true, force: true }) : lock.release());
  try {
    const running = await launchRedis(server, { ...options, dataDir, lock });
    return describe(running, dataDir, release);
  } catch (error) {
    release();
    throw error;
  }
}

function refuseOrWait(dataDir) {
  const began = Date.now();
  return async (rival) => {
    if (rival.ownerAlive) {
      throw new Error(
        `The data folder ${dataDir} is in use by process ${rival.pid}. ` +
          'Stop that one first, or choose another folder with DATA_DIR.',
      );
    }
    // The app has died and its Redis is about to end. If its guard was killed too, nobody else tells it.
    const waited = Date.now() - began;
    if (waited > ORPHAN_WAIT_MS) {
      throw new Error(
        `The data folder ${dataDir} is still in use by process ${rival.survivors.join(', ')}, left behind by ` +
          `process ${rival.pid} which has ended. End it, then start again.`,
      );
    }
    if (waited > ORPHAN_GRACE_MS) rival.survivors.forEach(terminate);
    await sleep(WAIT_POLL_MS);
  };
}

function terminate(pid) {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended by itself in the meantime.
  }
}

function describe(running, dataDir, release) {
  const { exited, port, password, pid } = running;
  let ending;
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    password,
    port,
    pid,
    dataDir,
    exited,
    get stopping() {
      return ending !== undefined;
    },
    stop: () => (ending ??= endGuard(running).then(release)),
  };
}
