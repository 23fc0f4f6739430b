// Finds a Redis server to run, or gets one.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackRedisWithApt } from './lib/apt-redis.mjs';
import { installWithConsent, installCommand } from './lib/package-manager.mjs';

const NAMES = ['redis-server', 'valkey-server'];
const OLDEST = [6, 2];
const RUNTIME_DIR = fileURLToPath(new URL('../.runtime', import.meta.url));
const UNPACKED = join(RUNTIME_DIR, 'redis');

/**
 * Finds a server of version 6.2 or newer that runs: on PATH, else the one fetched earlier into `.runtime/`.
 *
 * @returns {{ command: string, version: string, libraryPath?: string } | undefined} command is an absolute
 *   path; libraryPath is the LD_LIBRARY_PATH to run it with
 */
export function findRedisServer() {
  return findOnPath() ?? findUnpacked(UNPACKED);
}

/**
 * Makes sure that `findRedisServer` finds one: fetches it from the distribution's package source into
 * `.runtime/`, else offers to install it with the machine's package manager.
 *
 * @param {{ say: (line: string) => void, onSpawn?: (pid: number) => void }} options say: prints progress
 * @returns {Promise<void>}
 * @throws {Error} when there is none and none can be had; the message says what to do
 */
export async function ensureRedisServer({ say, onSpawn }) {
  if (findRedisServer()) return;
  const fault = existsOnPath('apt-get') ? await fetchWithApt({ say, onSpawn }) : undefined;
  if (findRedisServer()) return;
  if (fault) say(`That did not work (${fault}).`);
  await installWithConsent(existsOnPath);
  if (!findRedisServer()) throw new Error(noRedisMessage());
}

/**
 * @returns {string} what to do when there is no Redis server, with commands to copy
 */
export function noRedisMessage() {
  const install = installCommand(existsOnPath);
  return [
    `No Redis server (${OLDEST.join('.')} or newer) was found. Do one of these, then start again:`,
    ...(install ? [`  install one:        ${install}`] : []),
    '  or run one in Docker and say where it is:',
    '    docker run -d --name task-runner-redis -p 127.0.0.1:6379:6379 -v task-runner-redis:/data ' +
      'redis:7-alpine redis-server --appendonly yes --appendfsync always --maxmemory-policy noeviction',
    '    REDIS_URL=redis://127.0.0.1:6379 npm start',
  ].join('\n');
}

function existsOnPath(name) {
  return onPath(name).length > 0;
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path));
}

function findOnPath() {
  return firstUsable(NAMES.flatMap(onPath).map((command) => ({ command })));
}

function findUnpacked(root) {
  if (!existsSync(root)) return undefined;
  const libraryPath = libraryFolders(root).join(':');
  const commands = NAMES.map((name) => join(root, 'usr/bin', name)).filter((path) => existsSync(path));
  return firstUsable(commands.map((command) => ({ command, libraryPath })));
}

function firstUsable(candidates) {
  for (const candidate of candidates) {
    const version = versionOf(candidate);
    if (version && isRecent(version)) return { ...candidate, version };
  }
  return undefined;
}

// Running it is the only proof that the file is whole, fits this machine and finds its libraries.
function versionOf({ command, libraryPath }) {
  const env = libraryPath ? { ...process.env, LD_LIBRARY_PATH: libraryPath } : process.env;
  const { stdout } = spawnSync(command, ['--version'], { env, encoding: 'utf8', timeout: 10_000 });
  return / v=(\d+\.\d+\S*)/.exec(stdout ?? '')?.[1];
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function libraryFolders(root) {
  const files = readdirSync(root, { recursive: true }).filter((path) => /\.so(\.|$)/.test(path));
  return [...new Set(files.map((path) => join(root, dirname(path))))];
}

async function fetchWithApt({ say, onSpawn }) {
  const began = Date.now();
  say('Fetching a Redis server from the package source of this system (nothing is installed) ...');
  mkdirSync(RUNTIME_DIR, { recursive: true });
  const unpacking = `${UNPACKED}.unpacking`;
  rmSync(unpacking, { recursive: true, force: true });
  const fault = await unpackRedisWithApt(RUNTIME_DIR, unpacking, { onSpawn });
  if (fault) return fault;
  const server = findUnpacked(unpacking);
  if (!server) return 'the packaged server is too old or does not run here';
  // The name that counts comes last, so an interrupted run leaves nothing that looks whole.
  rmSync(UNPACKED, { recursive: true, force: true });
  renameSync(unpacking, UNPACKED);
  say(`Redis ${server.version} is in .runtime/ (${((Date.now() - began) / 1000).toFixed(1)} s).`);
  return undefined;
}
