// The steps from a fresh clone to something that can start.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureRedisServer, findRedisServer } from '../redis-binary.mjs';
import { claim } from './claim.mjs';
import { hashOfInstall, hashOfSources } from './fingerprint.mjs';
import { isInstalled } from './installed.mjs';
import { run } from './run.mjs';
import { forbidsEmbeddedRedis, wantsEmbeddedRedis } from './settings.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUNTIME_DIR = join(ROOT, '.runtime');
const WAIT_POLL_MS = 200;

/**
 * Installs packages, builds and gets a Redis server, each only if needed. Runs at the same time wait for each
 * other.
 *
 * @param {{ forTests: boolean }} options tests need a Redis server even when the environment names one
 * @returns {Promise<void>}
 * @throws {Error} when a step fails; the message holds the output of the step
 */
export async function prepare({ forTests }) {
  const needsRedis = forTests ? !forbidsEmbeddedRedis(process.env) : wantsEmbeddedRedis(process.env);
  // A step takes its stamp away before it begins, so what looks done is not being worked on. Without the lock
  // nothing has to be written: a folder that was prepared and is read-only now can start.
  if (steps().every(isDone) && (!needsRedis || findRedisServer())) return;
  const lock = await claim(lockFolder(), sayOnceThenWait());
  try {
    const options = { cwd: ROOT, onSpawn: lock.add };
    for (const step of steps()) await carryOut(step, options);
    if (needsRedis) await ensureRedisServer({ say, onSpawn: lock.add });
  } finally {
    lock.release();
  }
}

function lockFolder() {
  try {
    mkdirSync(RUNTIME_DIR, { recursive: true });
    accessSync(RUNTIME_DIR, constants.W_OK);
    return RUNTIME_DIR;
  } catch (error) {
    throw new Error(
      `${ROOT} is not prepared yet, and nothing can be written to ${RUNTIME_DIR} (${error.code}). ` +
        'Run npm start once as a user who may write there.',
      { cause: error },
    );
  }
}

function say(line) {
  console.log(line);
}

function sayOnceThenWait() {
  let said = false;
  return async ({ pid }) => {
    if (!said) say(`Waiting for process ${pid}, which is preparing the same folder ...`);
    said = true;
    await sleep(WAIT_POLL_MS);
  };
}

function steps() {
  // Development packages compile the sources; NODE_ENV=production would leave them out.
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-progress'];
  const [npm, ...first] = npmCommand();
  return [
    {
      stamp: join(ROOT, 'node_modules', '.task-runner-install'),
      hash: hashOfInstall(ROOT),
      wasDoneOtherwise: () => isInstalled(ROOT),
      title: 'Installing packages',
      hint: 'See above for what npm says; a network or registry that cannot be reached is the usual cause.',
      action: (options) => run(npm, [...first, ...args], options),
    },
    {
      stamp: join(ROOT, 'dist', '.task-runner-build'),
      hash: hashOfSources(ROOT),
      title: 'Building',
      hint: 'Mend the sources, or take back the last change.',
      action: (options) => run(process.execPath, [join('scripts', 'build.mjs')], options),
    },
  ];
}

function isDone({ stamp, hash, wasDoneOtherwise }) {
  if (!existsSync(stamp)) return wasDoneOtherwise?.() ?? false;
  return readFileSync(stamp, 'utf8') === hash;
}

// The stamp goes first and comes last: a step that was interrupted runs again.
async function carryOut(step, options) {
  if (isDone(step)) return;
  const { stamp, hash, title, hint, action } = step;
  const began = Date.now();
  say(`${title} ...`);
  rmSync(stamp, { force: true });
  const { code, output } = await action(options);
  if (code !== 0) throw new Error(`${output.trimEnd()}\n${title} failed (exit code ${code}). ${hint}`);
  mkdirSync(dirname(stamp), { recursive: true }); // without a single package npm makes no folder
  writeFileSync(stamp, hash);
  say(`${title} took ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

// The npm that runs us, which need not be the first one on PATH.
function npmCommand() {
  const path = process.env.npm_execpath;
  return path && /npm-cli\.c?js$/.test(path) ? [process.execPath, path] : ['npm'];
}
