// Fetches a Redis server from the distribution's own package source without being root and without changing
// the system: apt-get with lists and cache of its own, packages unpacked into a folder.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const FAMILIES = [
  ['redis-server', 'redis-tools'],
  ['valkey-server', 'valkey-tools'],
];

/**
 * Downloads and unpacks a server with the libraries that the system lacks.
 *
 * Only one run per runtimeDir at a time.
 *
 * @param {string} runtimeDir folder for the working files, which are removed again
 * @param {string} target folder to unpack into; created
 * @param {{ onSpawn?: (pid: number) => void }} [options]
 * @returns {Promise<string | undefined>} what went wrong in one line; undefined when packages were unpacked,
 *   which does not say yet that the server in them runs
 */
export async function unpackRedisWithApt(runtimeDir, target, options = {}) {
  const work = join(runtimeDir, 'apt');
  rmSync(work, { recursive: true, force: true }); // left behind by a run that was killed
  try {
    const apt = privateApt(work, options);
    const updated = await apt('update');
    for (const family of FAMILIES) {
      if (await download(apt, family)) return await unpack(join(work, 'packages'), target, options);
    }
    return updated.code === 127 ? 'apt-get is not installed' : `apt-get: ${lastFault(updated.output)}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function privateApt(work, options) {
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'packages']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const config = join(work, 'apt.conf');
  writeFileSync(config, aptConfig(work));
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  return (...args) =>
    run('apt-get', ['-q', '-c', config, ...args], { ...options, env, cwd: join(work, 'packages') });
}

function aptConfig(work) {
  return `
Dir::State "${work}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "${work}/cache";
Dir::Log "${work}";
Debug::NoLocking "true";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
// What the system does after an update concerns the system's own lists.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

// The server by name, because the system may hold it as installed; of all else only libraries.
async function download(apt, family) {
  const plan = await apt('install', '--simulate', '--no-install-recommends', family[0]);
  const missing = [...plan.output.matchAll(/^Inst (lib\S+)/gm)].map((match) => match[1]);
  const { code } = await apt('download', ...family, ...missing);
  return code === 0;
}

async function unpack(packages, target, options) {
  for (const file of readdirSync(packages).filter((name) => name.endsWith('.deb'))) {
    const { code, output } = await run('dpkg-deb', ['-x', join(packages, file), target], options);
    if (code !== 0) return `dpkg-deb: ${lastFault(output)}`;
  }
  return undefined;
}

function lastFault(output) {
  const faults = output.split('\n').filter((line) => /^[EW]:/.test(line));
  return faults.at(-1) ?? 'no package source offers redis-server or valkey-server';
}
