// Measures how long the built app takes from the start of its process until it is ready, and what it occupies
// at rest, in every mode. Needs a build (`npm run build`). A report: it sets no limits and never fails for one.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from './embedded-redis.mjs';
import { freePort } from './lib/free-port.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MODES = ['both', 'api', 'worker'];
const RUNS = 5;
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 5;
const REST_MS = 3000;

const redis = await startRedis({ appendOnly: true });
try {
  const rows = {};
  for (const mode of MODES) rows[mode] = summarise(await measureRuns(mode));
  console.log(`${RUNS} starts per mode, Node ${process.version}, ${process.platform}-${process.arch}`);
  console.table(rows);
} catch (error) {
  console.log(`Not measured: ${error.message}`);
} finally {
  await redis.stop();
}

async function measureRuns(mode) {
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await measureOnce(mode));
  return runs;
}

async function measureOnce(mode) {
  const port = await freePort();
  const began = performance.now();
  const app = spawn(process.execPath, [MAIN], { env: environment(mode, port), stdio: 'ignore' });
  const exited = once(app, 'exit');
  try {
    await untilReady(app, port);
    const readyMs = performance.now() - began;
    await sleep(REST_MS);
    return { readyMs, residentMb: residentMb(app.pid) };
  } finally {
    app.kill('SIGTERM');
    await exited;
  }
}

function environment(mode, port) {
  return {
    ...process.env,
    MODE: mode,
    PORT: String(port),
    BIND_ADDRESS: '127.0.0.1',
    REDIS_URL: redis.url,
    NODE_ENV: 'production',
  };
}

async function untilReady(app, port) {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(port))) {
    if (app.exitCode !== null) throw new Error(`the app ended with code ${app.exitCode} before it was ready`);
    if (performance.now() > deadline) throw new Error(`the app was not ready after ${READY_TIMEOUT_MS} ms`);
    await sleep(READY_POLL_MS);
  }
}

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200;
  } catch {
    return false;
  }
}

function residentMb(pid) {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

function summarise(runs) {
  const ready = sorted(runs.map((run) => run.readyMs));
  const resident = sorted(runs.map((run) => run.residentMb));
  return {
    'ready ms (median)': Math.round(median(ready)),
    'ready ms (min)': Math.round(ready[0]),
    'ready ms (max)': Math.round(ready.at(-1)),
    'resident MB (median)': Math.round(median(resident)),
  };
}

function sorted(numbers) {
  return numbers.toSorted((a, b) => a - b);
}

function median(numbers) {
  return numbers[Math.floor(numbers.length / 2)];
}
