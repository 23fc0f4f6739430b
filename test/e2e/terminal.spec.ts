import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closedPort } from '../support/loopback.js';
import { descendants, isRunning, type Spawned, start } from '../support/processes.js';
import { startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// That of util-linux, which gives a program a terminal of its own; the one of the BSDs has other options.
const terminals = String(spawnSync('script', ['--version']).stdout).includes('util-linux');

let dataDir: string;
const started: Spawned[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'task-runner-terminal-'));
});
afterEach(async () => {
  for (const { pid, ended } of started.splice(0)) {
    [pid, ...descendants(pid)].filter(isRunning).forEach((each) => process.kill(each, 'SIGKILL'));
    await ended;
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

const NO_TERMINALS =
  'NOT TESTED: what happens when a terminal is closed. It takes `script` of util-linux, which this machine does not have.';

it('ends, with its Redis, when its terminal is closed', async ({ skip }) => {
  if (!terminals) process.stderr.write(`\n${NO_TERMINALS}\n\n`);
  skip(!terminals, NO_TERMINALS);
  const env = { ...process.env, DATA_DIR: dataDir, PORT: String(await closedPort()) };
  const command = `cd '${ROOT}' && exec '${process.execPath}' scripts/start.mjs`;
  const terminal = start('script', ['-q', '-f', '-e', '-c', command, '/dev/null'], { env });
  started.push(terminal);
  await until(() => terminal.output().includes('Ctrl-C stops it'), { timeoutMs: 30_000 });
  const family = descendants(terminal.pid);
  process.kill(terminal.pid, 'SIGKILL');
  try {
    await until(() => !family.some(isRunning), { timeoutMs: 10_000 });
  } finally {
    family.filter(isRunning).forEach((pid) => process.kill(pid, 'SIGKILL'));
  }
});

it('goes on working, and stops in an orderly way, when nobody reads its log any more', async () => {
  const product = await startProduct({ REDIS_URL: redisUrl() });
  started.push(product);
  product.child.stdout.destroy();
  product.child.stderr.destroy();
  for (let n = 0; n < 20; n++) expect((await fetch(`${product.url}/version`)).status).toBe(200);
  product.child.kill('SIGTERM');
  expect(await product.ended).toBe(0);
});
