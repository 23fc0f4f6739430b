// Brings one Redis server up under its guard.
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';
import { identify, isAlive } from './process-table.mjs';
import { probeRedis } from './redis-probe.mjs';

const GUARD = fileURLToPath(new URL('redis-guard.sh', import.meta.url));
const PORT_ATTEMPTS = 5;
const READY_POLL_MS = 5;
const READY_TIMEOUT_MS = 120_000; // reading back a large data folder takes a while
const GONE_POLL_MS = 25;

/**
 * Starts a Redis server in a folder that is locked for it, and waits until it serves.
 *
 * @param {{ command: string, libraryPath?: string }} server
 * @param {{ dataDir: string, appendOnly: boolean, port?: number, password?: string,
 *   lock: import('./claim.mjs').Claim }} options without a port: any free one
 * @returns {Promise<{ guard: import('node:child_process').ChildProcess, exited: Promise<void>, port: number,
 *   password: string, pid: number }>} ending the guard's pipe ends Redis; `exited` resolves when it has
 * @throws {Error} when Redis does not come up, with the last lines of its log
 */
export async function launchRedis(server, options) {
  // Between finding a port free and Redis listening on it, somebody else may take it.
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(server, { ...options, port });
    } catch (error) {
      const again = options.port === undefined && attempt < PORT_ATTEMPTS;
      if (!again || !error.message.includes('Address already in use')) throw error;
    }
  }
}

/**
 * Ends the Redis server in an orderly way, and its guard.
 *
 * @param {{ guard: import('node:child_process').ChildProcess, exited: Promise<void> }} running from `launchRedis`
 * @returns {Promise<void>} when both have gone
 */
export async function endGuard({ guard, exited }) {
  guard.ref();
  guard.stdio[3].end();
  await exited;
}

async function launch(
  server,
  { dataDir, appendOnly, port, lock, password = randomBytes(24).toString('hex') },
) {
  const logFile = join(dataDir, 'redis.log');
  const guard = spawnGuard(server, logFile);
  const exited = once(guard, 'exit').then(() => {
    guard.gone = true;
  });
  // Recorded before Redis can begin: whoever finds this app dead must wait for what it has left.
  lock.add(guard.pid);
  guard.stdio[3].write(`${configuration({ dataDir, appendOnly, port, password })}\n.\n`);
  try {
    const pid = await untilReady({ guard, port, password, logFile });
    lock.add(pid);
    return { guard, exited: exited.then(untilGone(pid)), port, password, pid };
  } catch (error) {
    await endGuard({ guard, exited });
    throw error;
  }
}

function spawnGuard(server, logFile) {
  const log = openSync(logFile, 'w', 0o600);
  const env = { PATH: process.env.PATH };
  if (server.libraryPath) env.LD_LIBRARY_PATH = server.libraryPath;
  // Detached: Ctrl-C reaches the whole process group of the terminal, and the app still needs Redis to drain.
  const guard = spawn('/bin/sh', [GUARD, server.command], {
    env,
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  guard.stdio[3].on('error', () => {}); // the guard ended first; `exit` tells
  guard.unref();
  guard.stdio[3].unref();
  return guard;
}

function configuration({ dataDir, appendOnly, port, password }) {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${dataDir.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
    `appendonly ${appendOnly ? 'yes' : 'no'}`,
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    // A task in one piece takes 16 % less memory, and no more time. The older name is known to Redis 6.2, too.
    'hash-max-ziplist-value 4096',
    'daemonize no',
  ].join('\n');
}

async function untilReady({ guard, port, password, logFile }) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!guard.gone && Date.now() < deadline) {
    const answer = await probeRedis(port, password);
    if (answer && !answer.loading) return answer.pid;
    await sleep(READY_POLL_MS);
  }
  const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new Error(`Redis did not start on 127.0.0.1:${port}. Its last words (${logFile}):\n${tail}`);
}

// Killing the guard does not end Redis: its other half still watches the pipe.
function untilGone(pid) {
  const redis = identify(pid);
  return async () => {
    while (redis && isAlive(redis)) await sleep(GONE_POLL_MS);
  };
}
