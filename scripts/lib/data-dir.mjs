// The folder Redis keeps its data in. It is closed to other users, so it must be a folder of our own.
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { isClaimFile } from './claim.mjs';

/** Redis's files, and what a desktop or a version control puts into a folder without being asked. */
const HARMLESS =
  /^(appendonlydir|appendonly\.aof.*|dump\.rdb|redis\.log|temp-.*|lost\+found|\.(git(keep|ignore)|DS_Store|nfs.*))$/;

const REASONS = {
  EACCES: 'you may not write there',
  EPERM: 'it belongs to another user',
  EROFS: 'that file system is read-only',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'a part of its path is a file',
  ELOOP: 'it is a link that leads to itself',
  ENOSPC: 'the disk is full',
};

/**
 * Creates the folder, or checks the one that is there, and closes it to other users (mode 0700).
 *
 * @param {string} folder absolute path
 * @throws {Error} when it cannot hold the data; the message is one line that says why and what to do
 */
export function prepareDataDir(folder) {
  try {
    create(folder);
    refuseForeign(folder);
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!error.code) throw error;
    throw refusal(folder, REASONS[error.code] ?? error.message, error);
  }
}

// Not with `recursive`: where nothing can be made, as below /proc, Node then tries for ever.
function create(folder) {
  const kind = kindOf(folder);
  if (kind === 'folder') return;
  if (kind) throw refusal(folder, `it is a ${kind}`);
  if (dirname(folder) !== folder) create(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error.code !== 'EEXIST' || kindOf(folder) !== 'folder') throw error; // somebody was quicker
  }
}

function kindOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found) return found.isDirectory() ? 'folder' : 'file';
  return lstatSync(path, { throwIfNoEntry: false }) && 'link that leads nowhere';
}

// Nobody wants their home folder closed to others or filled with append-only files by a mistyped DATA_DIR.
function refuseForeign(folder) {
  if (isSame(folder, homedir())) throw refusal(folder, 'it is your home folder');
  const foreign = readdirSync(folder).find((name) => !HARMLESS.test(name) && !isClaimFile(name));
  if (foreign) throw refusal(folder, `it holds "${foreign}", so it is no data folder`);
}

function isSame(folder, other) {
  const [one, two] = [folder, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one?.ino === two?.ino && one?.dev === two?.dev;
}

function refusal(folder, why, cause) {
  const text = `${folder} cannot hold the data: ${why}. Set DATA_DIR to an empty or new folder of your own.`;
  return new Error(text, { cause });
}
