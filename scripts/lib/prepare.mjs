// The steps from a fresh clone to something that can start.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureRedisServer } from '../redis-binary.mjs';
import { claim } from './claim.mjs';
import { hashOfInstall, hashOfSources } from './fingerprint.mjs';
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
  mkdirSync(RUNTIME_DIR, { recursive: true });
  const lock = await claim(RUNTIME_DIR, sayOnceThenWait());
  try {
    const options = { cwd: ROOT, onSpawn: lock.add };
    await install(options);
    await build(options);
    const needsRedis = forTests ? !forbidsEmbeddedRedis(process.env) : wantsEmbeddedRedis(process.env);
    if (needsRedis) await ensureRedisServer({ say, onSpawn: lock.add });
  } finally {
    lock.release();
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

async function install(options) {
  const stamp = join(ROOT, 'node_modules', '.task-runner-install');
  // Development packages compile the sources; NODE_ENV=production would leave them out.
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-progress'];
  const [command, ...first] = npmCommand();
  await step({
    stamp,
    hash: hashOfInstall(ROOT),
    title: 'Installing packages',
    hint: 'See above for what npm says; a network or registry that cannot be reached is the usual cause.',
    action: () => run(command, [...first, ...args], options),
  });
}

async function build(options) {
  await step({
    stamp: join(ROOT, 'dist', '.task-runner-build'),
    hash: hashOfSources(ROOT),
    title: 'Building',
    hint: 'Mend the sources, or take back the last change.',
    action: () => run(process.execPath, [join('scripts', 'build.mjs')], options),
  });
}

// The stamp goes first and comes last: a step that was interrupted runs again.
async function step({ stamp, hash, title, hint, action }) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const began = Date.now();
  say(`${title} ...`);
  rmSync(stamp, { force: true });
  const { code, output } = await action();
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
