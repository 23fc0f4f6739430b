import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditList } from '../../src/admin/admin-audit.dto.js';
import type { WorkerDetailView, WorkerList } from '../../src/admin/admin-workers.dto.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, storedKeys, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let target: Receiver;
const apps: TestApp[] = [];
const held: (() => void)[] = [];

beforeEach(async () => {
  target = await Receiver.start();
});
afterEach(async () => {
  answerAll();
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await target.stop();
});

async function start(environment: Record<string, string> = {}, keep = apps.length > 0): Promise<TestApp> {
  const app = await TestApp.start({ WORKER_ID: 'w-1', ...environment }, keep);
  apps.push(app);
  return app;
}

/** The target answers nothing until it is told to. */
function holdAnswers(): void {
  target.answer = (_request, response) => held.push(() => response.end('ok'));
}
function answerAll(): void {
  for (const answer of held.splice(0)) answer();
}

const worker = async (app: TestApp, id = 'w-1') => app.get<WorkerDetailView>(`/admin/workers/${id}`);
const say = async (app: TestApp, what: 'pause' | 'resume' | 'drain', id = 'w-1', body: object = {}) =>
  app.send<WorkerDetailView>('POST', `/admin/workers/${id}/${what}`, body);
const states = async (app: TestApp) => {
  const { workers } = (await app.get<WorkerList>('/admin/workers')).body;
  return Object.fromEntries(workers.map(({ worker_id, state }) => [worker_id, state]));
};

describe('a worker', () => {
  it('says who it is and what it runs', async () => {
    const app = await start({
      WORKER_CONCURRENCY: '3',
      WORKER_HEARTBEAT_SEC: '60',
      WORKER_TIMEOUT_SEC: '120',
    });
    holdAnswers();
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push(await app.enqueue({ url: target.url }, { queue: 'high' }));
    await target.gets(3);
    // Between two signs of life.
    const { workers } = (await app.get<WorkerList>('/admin/workers')).body;
    expect(workers.map(({ busy }) => busy)).toEqual([3]);
    const { body } = await worker(app);
    expect(body).toMatchObject({
      worker_id: 'w-1',
      state: 'running',
      host: hostname(),
      pid: process.pid,
      concurrency: 3,
      busy: 3,
      tasks_done: 0,
    });
    expect(body.running.map(({ task_id }) => task_id)).toEqual(ids.slice(0, 3));
    expect(body.running[0]).toMatchObject({
      queue: 'high',
      client_id: 'test-client',
      host: new URL(target.url).host,
      attempt: 1,
    });
    answerAll();
    await target.gets(4);
    answerAll();
    await app.taskIn('completed', ids[3]!);
    expect((await worker(app)).body).toMatchObject({ busy: 0, tasks_done: 4, running: [] });
  });

  it('that is paused lets what it runs finish and takes nothing until it is resumed', async () => {
    const app = await start({ WORKER_HEARTBEAT_SEC: '60', WORKER_TIMEOUT_SEC: '120' });
    holdAnswers();
    const first = await app.enqueue({ url: target.url });
    await target.gets(1);
    const paused = await say(app, 'pause', 'w-1', { reason: 'disk is full' });
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ state: 'paused', wanted: 'paused', reason: 'disk is full', busy: 1 });
    expect(paused.body.running.map(({ task_id }) => task_id)).toEqual([first]);
    const second = await app.enqueue({ url: target.url });
    answerAll();
    await app.taskIn('completed', first);
    await until(async () => (await worker(app)).body.busy === 0);
    expect(target.received).toHaveLength(1);
    expect((await app.get(`/v1/tasks/${second}`)).body).toMatchObject({ state: 'pending' });
    const resumed = await say(app, 'resume');
    expect(resumed.body.state).toBe('running');
    expect(resumed.body).not.toHaveProperty('wanted');
    await target.gets(2);
    answerAll();
    await app.taskIn('completed', second);
  });

  it('does not count among the slots of the fleet while it is paused, and its process stays ready', async () => {
    const app = await start({ WORKER_CONCURRENCY: '4' });
    await start({ WORKER_ID: 'w-2', WORKER_CONCURRENCY: '7' });
    const slots = () => inRedis((redis) => redis.get('{tr}:slots'));
    await until(async () => (await slots()) === '11');
    await say(app, 'pause');
    await until(async () => (await slots()) === '7');
    expect((await app.get('/health/ready')).status).toBe(200);
    const detailed = await app.get<{ details: Record<string, object> }>('/health/detailed');
    expect(detailed.body.details['worker']).toMatchObject({ status: 'up', paused: true });
    await say(app, 'resume');
    await until(async () => (await slots()) === '11');
  });

  it('that was paused is so from its first moment when it is started again with the same id', async () => {
    const api = await start({ MODE: 'api' });
    const app = await start();
    await say(api, 'pause');
    await app.stop();
    apps.pop();
    const id = await api.enqueue({ url: target.url });
    await start();
    expect((await worker(api)).body.state).toBe('paused');
    await start({ WORKER_ID: 'w-2' });
    await api.taskIn('completed', id);
    expect(await states(api)).toEqual({ 'w-1': 'paused', 'w-2': 'running' });
    expect((await worker(api)).body.tasks_done).toBe(0);
  });

  it('that is drained ends its work, hands back what takes too long, and stays out', async () => {
    const app = await start({ SHUTDOWN_TIMEOUT_SEC: '0.3' });
    holdAnswers();
    const id = await app.enqueue({ url: target.url });
    await target.gets(1);
    expect((await say(app, 'drain')).body).toMatchObject({ state: 'draining', wanted: 'drained', busy: 1 });
    await until(async () => (await worker(app)).body.state === 'drained');
    await app.taskIn('pending', id);
    target.reset();
    await say(app, 'resume');
    expect((await app.taskIn('completed', id)).attempts_made).toBe(1);
  });

  it('that leaves is shown as gone, and what is wanted of it holds when it comes back', async () => {
    const api = await start({ MODE: 'api' });
    const app = await start({ WORKER_ID: 'w-3' });
    await app.stop();
    apps.pop();
    expect((await worker(api, 'w-3')).body).toMatchObject({
      state: 'gone',
      gone_because: 'stopped',
      busy: 0,
    });
    expect((await say(api, 'pause', 'w-3')).body).toMatchObject({ state: 'gone', wanted: 'paused' });
    await start({ WORKER_ID: 'w-3' });
    expect((await worker(api, 'w-3')).body).toMatchObject({ state: 'paused' });
    await say(api, 'resume', 'w-3');
  });

  it('that nobody knows is 404, and commands that change nothing leave no line in the audit log', async () => {
    const app = await start();
    for (const what of ['pause', 'resume', 'drain'] as const) {
      expect(await say(app, what, 'nobody')).toMatchObject({
        status: 404,
        body: { code: 'worker_not_found' },
      });
    }
    expect((await worker(app, 'nobody')).status).toBe(404);
    await say(app, 'resume');
    await say(app, 'pause', 'w-1', { reason: 'first' });
    expect((await say(app, 'pause')).body).toMatchObject({ state: 'paused', reason: 'first' });
    expect((await say(app, 'drain')).body).toMatchObject({ state: 'drained' });
    await say(app, 'resume');
    expect((await storedKeys()).filter((key) => /:(cancel|signal):/.test(key))).toEqual([]);
    const { entries } = (await app.get<AuditList>('/admin/audit?action=worker')).body;
    expect(entries.map(({ action, target: of }) => [action, of])).toEqual([
      ['worker.resume', 'worker:w-1'],
      ['worker.drain', 'worker:w-1'],
      ['worker.pause', 'worker:w-1'],
    ]);
    expect(entries[2]).toMatchObject({ before: { held: null }, after: { held: { as: 'paused' } } });
  });

  it('has a name of its own when none is set, and lists are read page by page', async () => {
    const app = await start({ WORKER_ID: '' });
    for (const id of ['z-1', 'z-2']) await start({ WORKER_ID: id });
    const first = (await app.get<WorkerList>('/admin/workers?limit=2')).body;
    expect(first.workers).toHaveLength(2);
    const next = await app.get<WorkerList>(`/admin/workers?limit=2&cursor=${first.next_cursor ?? ''}`);
    const ids = [...first.workers, ...next.body.workers].map(({ worker_id }) => worker_id);
    expect(ids.toSorted()).toEqual([`${hostname()}-${process.pid}`, 'z-1', 'z-2'].toSorted());
    expect(next.body.next_cursor).toBeNull();
    expect((await app.get('/admin/workers?limit=x')).status).toBe(400);
  });
});
