// Whether npm itself has installed what is locked: somebody has run `npm ci` before `npm start`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root folder of the project
 * @returns {boolean} whether the list that npm leaves behind when it is done has every package that this machine needs, as
 *   it is locked
 */
export function isInstalled(root) {
  const locked = packagesIn(join(root, 'package-lock.json'));
  const there = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (!locked || !there) return false;
  return Object.entries(locked).every(([path, wanted]) => {
    return path === '' || !isNeeded(wanted) || JSON.stringify(there[path]) === JSON.stringify(wanted);
  });
}

function packagesIn(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

// Of optional packages npm leaves out those for other machines, and may leave out those that name none.
function isNeeded({ optional = false, os, cpu, libc }) {
  return !optional || (!libc && fits(os, process.platform) && fits(cpu, process.arch));
}

function fits(names, ours) {
  return names?.includes(ours) ?? false;
}
