import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUS } from '../../src/dialects/flask-worker/task-words.js';
import { STATE } from '../../src/dialects/task-queue-go/task-words.js';
import { TaskQueue } from '../../src/queue/task-queue.js';
import { TASK_STATES, type TaskState } from '../../src/task/task-state.js';
import { Receiver } from '../support/receiver.js';
import { taskOf } from '../support/task-of.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ MAX_RETRY: '2' }), Receiver.start()]);
});

afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});

type Body = Record<string, unknown>;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const idOf = (body: Body): string => body['id'] as string;

/** What each dialect says of a task that is in a state. */
const WORDS: Readonly<Record<TaskState, readonly [flask: string, taskQueue: string]>> = {
  scheduled: ['queued', 'scheduled'],
  pending: ['queued', 'pending'],
  deferred: ['queued', 'pending'],
  running: ['processing', 'running'],
  retrying: ['queued', 'retrying'],
  completed: ['completed', 'completed'],
  dead_letter: ['failed', 'dead_letter'],
  expired: ['failed', 'failed'],
  cancelled: ['cancelled', 'cancelled'],
};

/** Makes a task of one dialect that comes to a state. */
const MAKERS: Readonly<Record<string, (type: string, payload: object, fields: object) => Promise<string>>> = {
  native: async (type, payload, fields) => {
    const body = { client_id: 'anonymous', type, payload, ...fields };
    return (await app.post<Body>('/v1/enqueue', body)).body['task_id'] as string;
  },
  flask: async (type, data, fields) =>
    (await app.post<Body>('/tasks', { type, data, ...fields })).body['task_id'] as string,
  taskqueue: async (type, payload, fields) =>
    idOf((await app.post<Body>('/api/v1/tasks', { type, payload, ...fields })).body),
};

async function inState(state: TaskState, make: (typeof MAKERS)[string]): Promise<string> {
  const of = {
    scheduled: () => make('echo', { a: 1 }, { delay: 3600 }),
    cancelled: () => make('echo', { a: 1 }, { delay: 3600 }),
    completed: () => make('echo', { a: 1 }, {}),
    running: () => make('sleep', { seconds: 60 }, {}),
    dead_letter: () => make('fail', { message: 'no luck' }, { max_retries: 0 }),
  } as const;
  const maker = of[state as keyof typeof of];
  const id = await maker();
  if (state === 'cancelled') await app.send('DELETE', `/v1/tasks/${id}`);
  return id;
}

describe.each(Object.keys(MAKERS))('a task that is made in %s', (dialect) => {
  const states = ['scheduled', 'cancelled', 'completed', 'running', 'dead_letter'] as const;

  it.each(states)('is told in every other by its id, with its word for %s', async (state) => {
    const id = await inState(state, MAKERS[dialect]!);
    const native = await app.taskIn(state, id);
    const [flask, go] = await Promise.all([
      app.get<Body>(`/tasks/${id}`),
      app.get<Body>(`/api/v1/tasks/${id}`),
    ]);
    expect([flask.status, go.status]).toEqual([200, 200]);
    expect([flask.body['status'], go.body['state']]).toEqual(WORDS[state]);
    expect([flask.body['type'], go.body['type']]).toEqual([native.type, native.type]);
    expect([flask.body['data'], go.body['payload']]).toEqual([native.payload, native.payload]);
    if (state === 'running') await app.send('DELETE', `/v1/tasks/${id}`);
  });
});

describe('the states that pass or need a gate', () => {
  it('have their words, too', async () => {
    const queue = app.application.nest.get(TaskQueue);
    const now = Date.now();
    await app.send('PUT', '/admin/queues/shut', { lane: 'low' });
    await app.send('POST', '/admin/queues/shut/pause', {});
    const held = taskOf(now, { id: randomUUID(), queue: 'shut', lane: 'low' });
    const late = { ...held, id: randomUUID(), expiresAt: now + 1 };
    for (const task of [held, late]) await queue.add(task);
    const seen = new Set<string>();
    await until(async () => {
      for (const [state, id] of [
        ['deferred', held.id],
        ['expired', late.id],
      ] as const) {
        const { body } = await app.get<Body>(`/v1/tasks/${id}`);
        const [flask, go] = [await app.get<Body>(`/tasks/${id}`), await app.get<Body>(`/api/v1/tasks/${id}`)];
        if (body['state'] !== state) continue;
        expect([flask.body['status'], go.body['state']]).toEqual(WORDS[state]);
        seen.add(state);
      }
      return seen.size === 2;
    });
    const words = TASK_STATES.map((state) => [state, [STATUS[state], STATE[state]]]);
    expect(Object.fromEntries(words)).toEqual(WORDS);
  });

  it('a call of a URL is told as the call that it is', async () => {
    const id = await app.enqueue({
      url: `${target.url}/hook`,
      headers: { Authorization: 'secret' },
      body: 'text',
    });
    await app.taskIn('completed', id);
    const call = { url: `${target.url}/hook`, method: 'POST', body: 'text' };
    expect((await app.get(`/tasks/${id}`)).body).toMatchObject({
      type: 'http',
      data: call,
      result: 'HTTP 200',
    });
    expect((await app.get(`/api/v1/tasks/${id}`)).body).toMatchObject({
      type: 'http',
      payload: call,
      result: { status_code: 200 },
    });
  });
});

describe('Task Queue Worker', () => {
  const email = {
    type: 'email',
    data: {
      subject: 'Test Email',
      recipient: 'user@example.com',
      content: 'This is the contents for the test email',
    },
  };

  it('creates a task, and tells its status as documented', async () => {
    const created = await app.post<Body>('/tasks', { ...email, delay: 3600 });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      task_id: expect.stringMatching(UUID) as string,
      status: 'queued',
      message: 'Task created successfully',
    });
    const id = created.body['task_id'] as string;
    expect((await app.get(`/tasks/${id}`)).body).toEqual({
      id,
      ...email,
      status: 'queued',
      created_at: expect.stringMatching(TIME) as string,
    });
    await app.send('POST', `/v1/tasks/${id}/run`);
    await app.taskIn('completed', id);
    expect((await app.get(`/tasks/${id}`)).body).toEqual({
      id,
      ...email,
      status: 'completed',
      created_at: expect.stringMatching(TIME) as string,
      updated_at: expect.stringMatching(TIME) as string,
      result: 'Email to user@example.com composed, not sent: SMTP_URL is not set',
    });
  });

  const withData = (data: unknown) => ({ type: 'Email', data });
  it.each<[unknown, number, string]>([
    [{}, 400, 'Type task is required'],
    [[], 400, 'Type task is required'],
    [{ type: 'email' }, 400, "Property 'data' is required"],
    [withData({}), 400, "Property 'data' is required"],
    [withData({ content: 'a' }), 400, "Expecting property 'recipient' in 'data'"],
    [withData({ recipient: '', content: 'a' }), 400, "Expecting property 'recipient' in 'data'"],
    [withData({ recipient: 'a@b.example' }), 400, "Expecting property 'content' in 'data'"],
    [withData({ recipient: ['a@b.example'], content: 'a' }), 422, "Expecting property 'content' in 'data'"],
    [withData({ recipient: 'a@b.example', content: 7 }), 422, "Expecting property 'content' in 'data'"],
    [
      { type: 'video_transcode' },
      400,
      '/type is not a type of task; there are compute, echo, email, fail, http, sleep',
    ],
    ['{', 400, 'The body is not acceptable JSON: it cannot be parsed'],
  ])('%j is answered %i', async (body, status, error) => {
    const answer = await app.post<Body>('/tasks', body);
    expect([answer.status, answer.body]).toEqual([status, { error }]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('knows no other task', async () => {
    for (const id of [randomUUID(), 'none']) {
      const answer = await app.get(`/tasks/${id}`);
      expect([answer.status, answer.body]).toEqual([404, { error: 'Task not found' }]);
    }
  });

  it('lists the last tasks, 100 unless it is told how many, and says how many there are', async () => {
    const before = (await app.get<{ total: number }>('/tasks?limit=1')).body.total;
    const tasks = Array.from({ length: 110 }, () => ({ client_id: 'anonymous', type: 'echo', delay: 3600 }));
    await app.post('/v1/enqueue/batch', { tasks });
    const { body } = await app.get<{ tasks: Body[]; count: number; total: number }>('/tasks');
    expect([body.tasks.length, body.count, body.total]).toEqual([100, 100, before + 110]);
    expect(body.tasks[0]).toMatchObject({ type: 'echo', status: 'queued', data: {} });
    expect((await app.get<{ count: number }>('/tasks?limit=7')).body.count).toBe(7);
    expect((await app.get<Body>('/tasks?limit=x')).body).toHaveProperty('error');
  });

  it('shows no more on a page than some megabytes, and goes on behind it', async () => {
    const data = { text: 'x'.repeat(900_000) };
    for (let n = 0; n < 8; n++) await app.post('/tasks', { type: 'echo', data, delay: 3600 });
    for (const path of ['/tasks', '/api/v1/tasks']) {
      const { body } = await app.get<{ tasks: Body[]; next_cursor: string }>(`${path}?limit=1000`);
      expect(body.tasks.length).toBeGreaterThanOrEqual(2);
      expect(body.tasks.length).toBeLessThan(5);
      const rest = await app.get<{ tasks: Body[] }>(`${path}?limit=1000&cursor=${body.next_cursor}`);
      expect(rest.body.tasks[0]!['id']).not.toBe(body.tasks.at(-1)!['id']);
    }
  });

  it('tells how many wait, and how many there are', async () => {
    const { status, body } = await app.get<{ queue_length: number; total_tasks: number }>('/queue/stats');
    expect([status, Object.keys(body)]).toEqual([200, ['queue_length', 'total_tasks']]);
    expect(body.queue_length).toBeGreaterThanOrEqual(110);
    expect(body.total_tasks).toBeGreaterThan(body.queue_length);
  });
});

describe('Task Queue Go', () => {
  it('submits a task with what it has by default, and answers the whole of it', async () => {
    const answer = await app.post<Body>('/api/v1/tasks', {
      type: 'echo',
      payload: { message: 'Hello, World!' },
      delay: 9,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(UUID) as string,
      type: 'echo',
      payload: { message: 'Hello, World!' },
      priority: 'normal',
      state: 'scheduled',
      attempts: 0,
      max_retries: 3,
      created_at: expect.stringMatching(TIME) as string,
      updated_at: expect.stringMatching(TIME) as string,
      scheduled_at: expect.stringMatching(TIME) as string,
      timeout: 300,
    });
    const native = await app.get(`/v1/tasks/${idOf(answer.body)}`);
    expect(native.body).toMatchObject({
      client_id: 'anonymous',
      queue: 'default',
      timeout: 300,
      max_retries: 3,
    });
  });

  it.each([
    [0, 'low'],
    [1, 'normal'],
    [2, 'high'],
    [3, 'critical'],
    ['high', 'high'],
    [null, 'normal'],
  ])('priority %j is %s', async (priority, named) => {
    const { body } = await app.post<Body>('/api/v1/tasks', {
      type: 'echo',
      priority,
      max_retries: 0,
      timeout: 7,
      metadata: { user_id: '123' },
    });
    expect(body).toMatchObject({ priority: named, max_retries: 0, timeout: 7, metadata: { user_id: '123' } });
    const done = await app.taskIn('completed', idOf(body));
    expect(done.queue).toBe(named === 'normal' ? 'default' : named);
    const shown = (await app.get<Body>(`/api/v1/tasks/${idOf(body)}`)).body;
    expect(shown).toMatchObject({ state: 'completed', attempts: 1, result: { echoed: {} } });
    for (const name of ['started_at', 'completed_at']) expect(shown[name]).toMatch(TIME);
  });

  it('fails, and says with what', async () => {
    const { body } = await app.post<Body>('/api/v1/tasks', {
      type: 'fail',
      payload: { message: 'no luck' },
      max_retries: 1,
    });
    await app.taskIn('dead_letter', idOf(body));
    expect((await app.get(`/api/v1/tasks/${idOf(body)}`)).body).toMatchObject({
      state: 'dead_letter',
      attempts: 2,
      error: 'no luck',
    });
  });

  it.each<[unknown, string]>([
    [[], 'invalid request body'],
    ['{', 'invalid request body'],
    [{}, 'task type is required'],
    [{ type: 'echo', payload: 'text' }, 'invalid request body'],
    [{ type: 'echo', priority: 4 }, 'priority must be 0 (low), 1 (normal), 2 (high) or 3 (critical)'],
    [{ type: 'report' }, '/type is not a type of task; there are compute, echo, email, fail, http, sleep'],
    [
      { type: 'echo', scheduled_at: 'soon' },
      '/scheduled_at must be an RFC 3339 time with its zone, like 2026-01-31T09:00:00Z',
    ],
  ])('%j is refused', async (body, message) => {
    const answer = await app.post<Body>('/api/v1/tasks', body);
    expect([answer.status, answer.body]).toEqual([400, { error: 'Bad Request', message }]);
  });

  it('cancels what does not run, once', async () => {
    const id = idOf((await app.post<Body>('/api/v1/tasks', { type: 'echo', delay: 3600 })).body);
    expect(await app.send('DELETE', `/api/v1/tasks/${id}`)).toMatchObject({
      status: 200,
      body: { id, state: 'cancelled' },
    });
    const conflict = { error: 'Conflict', message: 'task cannot be canceled in current state' };
    expect(await app.send('DELETE', `/api/v1/tasks/${id}`)).toMatchObject({ status: 409, body: conflict });
    const running = idOf(
      (await app.post<Body>('/api/v1/tasks', { type: 'sleep', payload: { seconds: 60 } })).body,
    );
    await app.taskIn('running', running);
    expect(await app.send('DELETE', `/api/v1/tasks/${running}`)).toMatchObject({
      status: 409,
      body: conflict,
    });
    const none = await app.send('DELETE', `/api/v1/tasks/${randomUUID()}`);
    expect([none.status, none.body]).toEqual([404, { error: 'Not Found', message: 'task not found' }]);
    await app.send('DELETE', `/v1/tasks/${running}`);
  });

  it('tells how deep the queues are, and with a filter the tasks', async () => {
    const { body } = await app.get<Body>('/api/v1/tasks');
    expect(Object.keys(body['queue_depths'] as object)).toEqual(['critical', 'high', 'normal', 'low']);
    expect(body).toMatchObject({
      total_pending: expect.any(Number) as number,
      queues: { critical: { priority: 3 } },
    });
    const page = await app.get<{ tasks: Body[]; total_count: number }>(
      '/api/v1/tasks?state=dead_letter&type=fail&limit=2',
    );
    expect(page.body.tasks[0]).toMatchObject({ type: 'fail', state: 'dead_letter' });
    expect(page.body.total_count).toBe(page.body.tasks.length);
  });

  it('adds its words to the admin API', async () => {
    const workers = await app.get<{ workers: Body[] }>('/admin/workers');
    const worker = workers.body.workers[0]!;
    expect(workers.body).toMatchObject({ count: workers.body.workers.length });
    expect(worker).toMatchObject({ id: worker['worker_id'], active_tasks: 0, concurrency: 10 });
    const path = `/admin/workers/${String(worker['id'])}`;
    expect((await app.post(`${path}/pause`, {})).body).toMatchObject({
      message: 'worker paused',
      state: 'paused',
    });
    const drained = await app.post(`${path}/drain`, {});
    expect(drained.body).toMatchObject({ message: 'worker draining', id: worker['id'], active_tasks: 0 });
    expect((await app.post(`${path}/resume`, {})).body).toMatchObject({ message: 'worker resumed' });
    const dead = await app.get<{ entries: Body[]; size: number }>('/admin/dlq');
    const { task_id } = dead.body.entries[0]!;
    expect(dead.body.entries[0]).toMatchObject({ task_type: 'fail', reason: 'attempts_exhausted' });
    expect((await app.post('/admin/dlq/retry', { task_id })).body).toMatchObject({
      message: 'task re-queued',
      task_id,
      retried_count: 1,
    });
    await app.taskIn('dead_letter', String(task_id));
    const { groups } = (await app.get<{ groups: Body[] }>('/admin/dlq/groups')).body;
    const filter = { fingerprint: groups[0]!['fingerprint'] };
    expect((await app.post('/admin/dlq/retry', { filter })).body).toMatchObject({
      message: 'canary did not succeed, the others are left as they are',
      canary: { state: 'dead_letter' },
    });
    expect((await app.post('/admin/dlq/retry', { filter, rate: 50 })).body).toMatchObject({
      message: 'tasks are being re-queued',
    });
    await app.taskIn('dead_letter', String(task_id));
    expect((await app.post(`/admin/tasks/${String(task_id)}/retry`, {})).body).toMatchObject({
      message: 'task re-queued',
      task_id,
    });
    expect((await app.get('/admin/health')).body).toEqual({ status: 'healthy', redis: 'connected' });
  });
});

describe('anonymous', () => {
  it('has no limit of a tier, whatever unknown clients get, until an admin sets one', async () => {
    await app.stop();
    app = await TestApp.start({ UNKNOWN_CLIENT_TIER: 'free' });
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async () => (await app.post('/api/v1/tasks', { type: 'echo' })).status),
    );
    expect(statuses).toEqual(statuses.map(() => 201));
    const redis = new Redis(redisUrl());
    expect(await redis.hget('{tr}:clients', 'anonymous')).toBeNull();
    await redis.quit();
    await app.post('/admin/clients/set', { client_id: 'anonymous', tier: 'free' });
    const limited = await Promise.all(
      Array.from({ length: 12 }, async () => (await app.post('/tasks', { type: 'echo' })).status),
    );
    expect(limited.filter((status) => status === 429)).toHaveLength(2);
  });
});

describe('COMPAT_DIALECTS', () => {
  it('says whose words are spoken; /v1 is always there', async () => {
    await app.stop();
    app = await TestApp.start({ COMPAT_DIALECTS: 'flask', FLASK_MAX_RETRY: '7' });
    const id = (await app.post<Body>('/tasks', { type: 'echo', delay: 60 })).body['task_id'] as string;
    expect((await app.get(`/v1/tasks/${id}`)).body).toMatchObject({ max_retries: 7 });
    expect((await app.post('/api/v1/tasks', { type: 'echo' })).status).toBe(404);
    expect((await app.get('/admin/workers')).body).not.toHaveProperty('count');
  });
});

describe('with AUTH_MODE=key', () => {
  it('every dialect wants a key, and shows its client nothing of others', async () => {
    await app.stop();
    app = await TestApp.start({ AUTH_MODE: 'key' });
    const keyOf = async (client: string) => {
      await app.post('/admin/clients/set', { client_id: client, tier: 'enterprise' });
      const { body } = await app.post<{ key: string }>(`/admin/clients/${client}/keys`, {});
      return { 'x-api-key': body.key };
    };
    const [mine, other] = [await keyOf('mine'), await keyOf('other')];
    expect((await app.post<Body>('/tasks', { type: 'echo' })).body).toHaveProperty('error');
    expect((await app.post('/api/v1/tasks', { type: 'echo' })).status).toBe(401);
    expect((await app.get('/queue/stats')).status).toBe(401);
    const { body } = await app.post<Body>('/api/v1/tasks', { type: 'echo' }, mine);
    expect((await app.get(`/v1/tasks/${idOf(body)}`, mine)).body).toMatchObject({ client_id: 'mine' });
    expect((await app.get<Body>(`/tasks/${idOf(body)}`, other)).body).toEqual({ error: 'Task not found' });
    expect((await app.get(`/api/v1/tasks/${idOf(body)}`, other)).status).toBe(404);
    expect((await app.get<Body>('/tasks', other)).body).toMatchObject({ count: 0 });
    expect((await app.get<Body>('/api/v1/tasks?limit=5', mine)).body).toMatchObject({ total_count: 1 });
  });
});
