// Hashes of what an installation and a build are made from: contents, not times, which a clone does not keep.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_FILE = 'package-lock.json';

/**
 * @param {string} root folder of the project
 * @returns {string} changes with the locked packages, the major version of Node and the platform
 */
export function hashOfInstall(root) {
  const major = process.versions.node.split('.')[0];
  return `${hashFiles(root, [LOCK_FILE])} node${major} ${process.platform}-${process.arch}`;
}

/**
 * @param {string} root folder of the project
 * @returns {string} changes with everything that the compiled files depend on; specs are not compiled
 */
export function hashOfSources(root) {
  const configs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
  return hashFiles(root, [LOCK_FILE, join('scripts', 'build.mjs'), ...configs, ...sources(root)]);
}

function sources(root) {
  if (!existsSync(join(root, 'src'))) return [];
  const entries = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'));
  return files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));
}

function hashFiles(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths.toSorted()) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
