// The folder Redis keeps its data in. It is closed to other users, so it must be a folder of our own.
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { isClaimFile } from './claim.mjs';

const OURS = /^(appendonlydir|appendonly\.aof.*|dump\.rdb|redis\.log|temp-.*|\..*)$/;

/**
 * Creates the folder, or checks the one that is there, and closes it to other users (mode 0700).
 *
 * @param {string} folder absolute path
 * @throws {Error} when it is no folder, or holds files that are not Redis data
 */
export function prepareDataDir(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Nobody wants their home folder closed to others or filled with append-only files by a mistyped DATA_DIR.
  const foreign = readdirSync(folder).find((name) => !OURS.test(name) && !isClaimFile(name));
  if (foreign) {
    throw new Error(
      `${folder} holds "${foreign}", so it is no data folder. Set DATA_DIR to an empty or new folder.`,
    );
  }
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
