import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { descendants, isRunning, start, type Spawned } from '../support/processes.js';
import { copyProject } from '../support/project-copy.js';
import { until } from '../support/until.js';

// Stands in for the app: tells its environment, drains for as long as a file `draining` is there.
const APP = `
  import { existsSync } from 'node:fs';
  const names = ['MODE', 'PORT', 'BIND_ADDRESS', 'ALLOWED_HOSTS', 'ALLOW_LOOPBACK_URLS',
    'ALLOW_PRIVATE_URLS', 'REDIS_URL'];
  console.log('ENV ' + JSON.stringify(Object.fromEntries(names.map((name) => [name, process.env[name]]))));
  if (process.env.FAULT === 'setting') {
    console.error('PORT must be a number');
    process.exit(1);
  }
  if (process.env.FAULT === 'crash') throw new Error('something unforeseen');
  // Port 0 lets the system choose.
  export const url = process.env.FAULT === 'stopped' ? undefined : 'http://127.0.0.1:' + (+process.env.PORT || 34567);
  let resolve;
  export const stopped = new Promise((done) => { resolve = done; });
  const timer = setInterval(() => {}, 1000);
  const drain = (signal) => {
    console.log('DRAINING ' + signal);
    const poll = setInterval(() => {
      if (existsSync('draining')) return;
      clearInterval(poll);
      clearInterval(timer);
      console.log('DRAINED');
      process.exitCode ??= Number(process.env.EXIT_WITH ?? 0);
      resolve();
    }, 10);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, drain);
  if (url === undefined) drain('during the start');
`;

const roots: string[] = [];
const started: Spawned[] = [];

afterEach(async () => {
  for (const spawned of started.splice(0)) {
    const family = [spawned.pid, ...descendants(spawned.pid)];
    family.filter(isRunning).forEach((pid) => process.kill(pid, 'SIGKILL'));
    await spawned.ended;
  }
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true, maxRetries: 10 });
});

function project(files: Record<string, string> = {}): string {
  const scripts = '"scripts":{"start":"node scripts/start.mjs"}';
  const root = copyProject({
    'package.json': `{"name":"copy","type":"module",${scripts}}`,
    'dist/main.js': APP,
    ...files,
  });
  roots.push(root);
  return root;
}

function launch(root: string, env: NodeJS.ProcessEnv = {}, command = process.execPath): Spawned {
  const args = command === 'npm' ? ['start'] : ['scripts/start.mjs'];
  const spawned = start(command, args, { cwd: root, env: { PATH: process.env['PATH'], HOME: root, ...env } });
  started.push(spawned);
  return spawned;
}

async function ready(run: Spawned): Promise<{ redisPid: number }> {
  await until(() => run.output().includes('Ctrl-C stops it'), { timeoutMs: 15_000 });
  return { redisPid: Number(/Redis +\S+ pid (\d+)/.exec(run.output())?.[1]) };
}

function environmentIn(run: Spawned): Record<string, string> {
  return JSON.parse(/^ENV (.*)$/m.exec(run.output())?.[1] ?? '{}') as Record<string, string>;
}

describe('npm start', () => {
  it('runs everything on loopback with a Redis server of its own, and says how to try it', async () => {
    const root = project();
    const run = launch(root, {
      BIND_ADDRESS: '0.0.0.0',
      ALLOWED_HOSTS: 'example.com',
      ALLOW_PRIVATE_URLS: 'true',
    });
    const { redisPid } = await ready(run);
    expect(environmentIn(run)).toEqual({
      MODE: 'both',
      PORT: '8080',
      BIND_ADDRESS: '127.0.0.1',
      ALLOWED_HOSTS: 'localhost,127.0.0.1',
      ALLOW_LOOPBACK_URLS: 'true',
      ALLOW_PRIVATE_URLS: 'false',
      REDIS_URL: expect.stringMatching(/^redis:\/\/:\w+@127\.0\.0\.1:\d+$/) as string,
    });
    expect(isRunning(redisPid)).toBe(true);
    expect(run.output()).toContain(`data in ${join(root, 'data')}`);
    expect(run.output()).toContain('http://localhost:8080/docs');
    expect(run.output()).toContain('curl http://localhost:8080/v1/tasks/<task_id>');
    const task = /curl -X POST http:\/\/localhost:8080\/v1\/enqueue .* -d '(.*)'/.exec(run.output())?.[1];
    expect(JSON.parse(task ?? '')).toEqual({
      client_id: 'my-service',
      task: { url: 'http://localhost:8080/health', method: 'GET' },
    });
  });

  it('keeps to the mode, port and data folder that the user sets', async () => {
    const root = project();
    const run = launch(root, { MODE: 'api', PORT: '18123', DATA_DIR: 'elsewhere' });
    await ready(run);
    expect(environmentIn(run)).toMatchObject({ MODE: 'api', PORT: '18123' });
    expect(run.output()).toContain('http://localhost:18123/health');
    expect(existsSync(join(root, 'elsewhere', 'appendonlydir'))).toBe(true);
    expect(existsSync(join(root, 'data'))).toBe(false);
  });

  it('names the port that the system chose for PORT=0', async () => {
    const run = launch(project(), { PORT: '0' });
    await ready(run);
    expect(run.output()).toContain('http://localhost:34567/docs');
    expect(run.output()).not.toContain('localhost:0');
  });

  it('as a worker names no documentation and nothing to enqueue', async () => {
    const run = launch(project(), { MODE: 'worker' });
    await ready(run);
    expect(run.output()).toMatch(/Worker +http:\/\/localhost:8080\n/);
    expect(run.output()).not.toMatch(/Documentation|curl/);
  });

  it('does not say that it runs when it was stopped during the start', async () => {
    const run = launch(project(), { FAULT: 'stopped' });
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/DRAINED\nStopped\.\n$/);
    expect(run.output()).not.toContain('is running');
  });

  it('starts no Redis server when the environment names one', async () => {
    const root = project();
    const run = launch(root, { REDIS_URL: 'redis://elsewhere' });
    await ready(run);
    expect(environmentIn(run)['REDIS_URL']).toBe('redis://elsewhere');
    expect(descendants(run.pid)).toEqual([]);
    expect(existsSync(join(root, 'data'))).toBe(false);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'drains on %s while Redis still runs, then stops Redis',
    async (signal) => {
      const root = project({ draining: '' });
      const run = launch(root, { EXIT_WITH: '7' });
      const { redisPid } = await ready(run);
      run.child.kill(signal);
      await until(() => run.output().includes('DRAINING'));
      expect(run.output()).toContain('Stopping: running tasks may finish for up to 25 s; press Ctrl-C again');
      expect(isRunning(redisPid)).toBe(true);
      rmSync(join(root, 'draining'));
      expect(await run.ended).toBe(7);
      expect(run.output()).toMatch(/DRAINED\nStopped\.\n$/);
      expect(isRunning(redisPid)).toBe(false);
    },
  );

  it('leaves Redis out of the process group that Ctrl-C reaches', async () => {
    const run = launch(project());
    const { redisPid } = await ready(run);
    expect(descendants(run.pid)).toContain(redisPid);
    expect(() => process.kill(-redisPid, 0)).toThrow('ESRCH'); // no group leader itself: the guard is
    const guard = descendants(run.pid)[0]!;
    expect(process.kill(-guard, 0)).toBe(true);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('stops in an orderly way when npm ends by %s', async (signal) => {
    const run = launch(project(), {}, 'npm');
    const { redisPid } = await ready(run);
    const family = descendants(run.pid);
    run.child.kill(signal);
    await until(() => run.output().endsWith('Stopped.\n'));
    expect(run.output()).toContain('DRAINED');
    expect(isRunning(redisPid)).toBe(false);
    await until(() => !family.some(isRunning));
  });

  it('leaves a wrong setting to the app to explain, stops Redis and fails', async () => {
    const run = launch(project(), { FAULT: 'setting' });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/PORT must be a number\n$/);
    expect(descendants(run.pid)).toEqual([]);
  });

  it('shows where the app failed when nothing else has been said', async () => {
    const run = launch(project(), { FAULT: 'crash' });
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/something unforeseen[^]*main\.js/);
  });

  it('refuses a data folder that another one uses, and names both', async () => {
    const root = project();
    const first = launch(root);
    await ready(first);
    const second = launch(root);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`${join(root, 'data')} is in use by process ${first.pid}`);
  });

  it('ends at once with a failure when Redis dies, and can be started again', async () => {
    const root = project({ draining: '' });
    const run = launch(root);
    const { redisPid } = await ready(run);
    process.kill(redisPid, 'SIGKILL');
    const since = performance.now();
    expect(await run.ended).toBe(1);
    expect(performance.now() - since).toBeLessThan(2000);
    expect(run.output()).toMatch(/redis\.log says why\..*\n$/);
    await ready(launch(root));
  });
});
