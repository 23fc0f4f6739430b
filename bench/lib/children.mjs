// The processes that the benchmark starts, and their end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const END_WITH_PARENT = new URL('end-with-parent.mjs', import.meta.url).href;
const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 20;
const STOP_TIMEOUT_MS = 15_000;
const KEPT_STDERR = 4000;

/**
 * @typedef {import('node:child_process').ChildProcess & { said: () => string }} Child
 */

/**
 * @param {URL} file
 * @param {{ env?: Record<string, string>, nodeArgs?: readonly string[] }} [options] env: nothing else is handed on
 *   but PATH
 * @returns {Child} standard output goes nowhere, as a container's goes to its collector
 */
export function launch(file, { env = {}, nodeArgs = [] } = {}) {
  const child = spawn(
    process.execPath,
    [...nodeArgs, '--import', END_WITH_PARENT, fileURLToPath(file)],
    // Not this terminal's group: Ctrl-C ends the benchmark, which then ends its processes in order.
    {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr = (stderr + chunk).slice(-KEPT_STDERR)));
  return Object.assign(child, { said: () => stderr.trim() });
}

/** @param {URL} file @param {Parameters<typeof launch>[1]} [options] @returns {Promise<Child>} one that uses `serve` */
export async function launchServing(file, options) {
  const child = launch(file, options);
  const ready = new Promise((resolve) => {
    child.on('message', (message) => message.ready && resolve(true));
  });
  await settled(child, ready);
  return child;
}

/** @param {Child} child @param {string} url answers 200 when the process is ready */
export async function untilAnswers(child, url) {
  await settled(
    child,
    (async () => {
      while (child.exitCode === null && !(await answers(url))) await sleep(READY_POLL_MS);
    })(),
  );
}

async function settled(child, ready) {
  const exit = new AbortController();
  const ended = once(child, 'exit', { signal: exit.signal }).then(() =>
    fault(child, 'ended before it was ready'),
  );
  const late = sleep(READY_TIMEOUT_MS, undefined, { signal: exit.signal }).then(() =>
    fault(child, 'is not ready'),
  );
  const quiet = (promise) => promise.catch((error) => error.name !== 'AbortError' && Promise.reject(error));
  try {
    await Promise.race([ready, quiet(ended), quiet(late)]);
  } finally {
    exit.abort();
  }
  mustRun(child);
}

/** @param {Child} child @throws {Error} when it has ended, with what it said */
export function mustRun(child) {
  if (child.exitCode !== null || child.signalCode !== null) fault(child, 'has ended');
}

function fault(child, what) {
  throw new Error(`${child.spawnargs.at(-1)} ${what}\n${child.said()}`);
}

async function answers(url) {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return status === 200;
  } catch {
    return false;
  }
}

/** @param {Child} child asks it to end, then makes it */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(late);
}

/** What has to be closed, closed in reverse order whatever happens. */
export class Cleanup {
  static #open = new Set();
  #steps = [];

  constructor() {
    Cleanup.#open.add(this);
  }

  /** Closes everything, for the end before the end. */
  static async runAll() {
    await Promise.all([...Cleanup.#open].map((cleanup) => cleanup.run()));
  }

  /** @template T @param {T} thing @param {(thing: T) => unknown} close @returns {T} */
  add(thing, close) {
    this.#steps.push(() => close(thing));
    return thing;
  }

  async run() {
    Cleanup.#open.delete(this);
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        console.error(`not closed: ${error.message}`);
      }
    }
  }
}
