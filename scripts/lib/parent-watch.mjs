import { lookUp } from './process-table.mjs';

const POLL_MS = 500;
const SHELL = /^-?(sh|ash|dash|bash|zsh|ksh)$/;

/**
 * Calls back when the npm that runs this process has gone. npm hands on no SIGTERM: ending it leaves its
 * script running, with the port and the data folder taken.
 *
 * @param {() => void} onGone called once
 * @returns {void} does nothing when npm does not run this process; the timer keeps no process alive
 */
export function watchNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  // npm -> sh -c -> node. Some shells become the command instead of starting it, then npm is the parent. With a
  // shell in between, a killed npm shows only as the shell's new parent.
  const between = SHELL.test(lookUp(parent)?.command ?? '');
  const npm = between ? lookUp(parent).ppid : parent;
  const timer = setInterval(() => {
    const present = process.ppid === parent && (!between || lookUp(parent)?.ppid === npm);
    if (present) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}
