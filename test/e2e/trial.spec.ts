import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { closedPort } from '../support/loopback.js';
import { isRunning, type Spawned, start } from '../support/processes.js';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let dataDir: string;
let run: Spawned;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'task-runner-trial-'));
});
afterEach(async () => {
  if (isRunning(run.pid)) process.kill(run.pid, 'SIGKILL');
  await run.ended;
  await until(() => !isRunning(redisPid()), { timeoutMs: 15_000 });
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

async function launch(): Promise<string> {
  const port = await closedPort();
  const env = { ...process.env, DATA_DIR: dataDir, PORT: String(port), SHUTDOWN_TIMEOUT_SEC: '5' };
  run = start(process.execPath, ['scripts/start.mjs'], { cwd: ROOT, env });
  await until(() => run.output().includes('Ctrl-C stops it'), { timeoutMs: 30_000 });
  return `http://localhost:${port}`;
}

function redisPid(): number {
  return Number(/Redis +\S+ pid (\d+)/.exec(run.output())?.[1]);
}

/** The line that `npm start` prints, as a shell would run it. */
async function printedCurl(): Promise<{ task_id: string }> {
  const line = run
    .output()
    .split('\n')
    .find((text) => text.trim().startsWith('curl -X POST'));
  const curl = start('bash', ['-c', `${line ?? ''} --silent`]);
  expect(await curl.ended).toBe(0);
  return JSON.parse(curl.output()) as { task_id: string };
}

async function find(url: string, id: string): Promise<TaskView> {
  return (await (await fetch(`${url}/v1/tasks/${id}`)).json()) as TaskView;
}

async function enqueue(url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/v1/enqueue`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('the trial of npm start', () => {
  it('runs the curl line that it prints, calls this machine and no other private one, and says so', async () => {
    const url = await launch();
    const { task_id } = await printedCurl();
    await until(async () => (await find(url, task_id)).state === 'completed', { timeoutMs: 10_000 });
    const refused = await enqueue(url, { client_id: 'abc', task: { url: 'http://10.0.0.1/' } });
    expect(refused.status).toBe(400);
    expect(run.output()).toMatch(/tasks may call this machine itself; other private addresses stay refused/);
    expect(run.output()).toMatch(/bound to 127\.0\.0\.1; answers only to Host localhost, 127\.0\.0\.1/);
    process.kill(run.pid, 'SIGINT');
    expect(await run.ended).toBe(0);
  });

  it('leaves nothing running when it is killed, and has its tasks again at the next start', async () => {
    const url = await launch();
    const body = {
      client_id: 'abc',
      task_id: 'kept',
      delay: 3600,
      task: { url: `${url}/health`, method: 'GET' },
    };
    expect((await enqueue(url, body)).status).toBe(202);
    const redis = redisPid();
    process.kill(run.pid, 'SIGKILL');
    await until(() => !isRunning(redis), { timeoutMs: 15_000 });
    const again = await launch();
    expect((await find(again, 'abc.kept')).state).toBe('scheduled');
  });
});
