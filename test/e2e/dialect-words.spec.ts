import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

type Body = Record<string, unknown>;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const listed = async (state: string) => {
  const { status, body } = await app.get<{ tasks: { id: string; state: string }[]; message: string }>(
    `/api/v1/tasks?state=${state}&limit=10`,
  );
  return { status, message: body.message, tasks: body.tasks };
};

describe('errors of dialects', () => {
  const data = {
    recipient: 'evil@x.y\r\nBcc: a@b.c',
    content: 'text',
    subject: 'a\r\nb',
  };

  it('name what Task Queue Worker was sent, and all of it', async () => {
    const { status, body } = await app.post<Body>('/tasks', { type: 'email', data });
    expect(status).toBe(400);
    expect(body['error']).toMatch(/^\/data\/recipient must be .*; \/data\/subject must be one line$/);
  });

  it('name all that is wrong for Task Queue Go, up to a few', async () => {
    const both = { to: data.recipient, subject: data.subject };
    const two = await app.post<Body>('/api/v1/tasks', { type: 'email', payload: both });
    expect(two.body['message']).toMatch(/^\/payload\/to must be .*; \/payload\/subject must be one line$/);
    const extra = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`x${at}`, 1]));
    const many = await app.post<Body>('/api/v1/tasks', { type: 'sleep', payload: extra });
    expect(many.body['message']).toMatch(/^\/payload\/x0 is not a field of this type; .*; and 3 more$/);
  });
});

describe('states of Task Queue Go', () => {
  it('filter by the words in which they are shown', async () => {
    const body = { client_id: 'stater', type: 'sleep', payload: { seconds: 60 }, task_id: 'late' };
    await app.post('/v1/enqueue', { ...body, delay: 1, ttl: 1.001 });
    await app.post('/admin/queues/low/pause', {});
    await app.post('/v1/enqueue', { ...body, task_id: 'held', queue: 'low' });
    await app.taskIn('expired', 'stater.late');
    await app.taskIn('deferred', 'stater.held');
    expect((await listed('failed')).tasks).toMatchObject([{ id: 'stater.late', state: 'failed' }]);
    expect((await listed('pending')).tasks).toMatchObject([{ id: 'stater.held', state: 'pending' }]);
    await app.post('/admin/queues/low/resume', {});
  });

  it('are the only ones that it is told of', async () => {
    expect(await listed('deferred')).toMatchObject({
      status: 400,
      message:
        '/state must be one of pending, scheduled, running, completed, failed, retrying, cancelled, dead_letter',
    });
  });
});

describe('POST /admin/dlq/retry', () => {
  it('of one task that is none of the dead letters is told so', async () => {
    const none = await app.post<Problem>('/admin/dlq/retry', { task_id: 'nope' });
    expect([none.status, none.body.code]).toEqual([404, 'task_not_found']);
    const { body } = await app.post<Body>('/api/v1/tasks', { type: 'echo' });
    await app.taskIn('completed', String(body['id']));
    const done = await app.post<Problem>('/admin/dlq/retry', { task_id: body['id'] });
    expect([done.status, done.body.code]).toEqual([409, 'not_a_dead_letter']);
  });
});

describe('GET /admin/queues', () => {
  it('has its word for the total, and a lane is purged by its name of it', async () => {
    expect((await app.get<Body>('/admin/queues')).body).toMatchObject({ total_depth: 0, total_pending: 0 });
    expect(await app.send('DELETE', '/admin/queues/normal')).toMatchObject({
      status: 200,
      body: { priority: 'normal' },
    });
  });
});

describe('with the key of a client', () => {
  it('the counts are of its own tasks', async () => {
    await app.stop();
    app = await TestApp.start({ AUTH_MODE: 'key' });
    const keyOf = async (client: string) => {
      await app.post('/admin/clients/set', { client_id: client, tier: 'enterprise' });
      return { 'x-api-key': (await app.post<{ key: string }>(`/admin/clients/${client}/keys`, {})).body.key };
    };
    const [mine, other] = [await keyOf('mine'), await keyOf('other')];
    const isIn = (state: string, id: unknown) =>
      until(async () => (await app.get<Body>(`/v1/tasks/${String(id)}`, other)).body['state'] === state);
    for (let at = 0; at < 3; at++) await app.post('/tasks', { type: 'echo', delay: 3600 }, other);
    const ended = await app.post<Body>('/tasks', { type: 'echo' }, other);
    await isIn('completed', ended.body['task_id']);
    const running = { type: 'sleep', data: { seconds: 60 } };
    const { body } = await app.post<Body>('/tasks', running, other);
    await isIn('running', body['task_id']);

    const none = { queue_length: 0, total_tasks: 0 };
    expect((await app.get('/queue/stats', mine)).body).toEqual(none);
    expect((await app.get('/queue/stats', other)).body).toEqual({ queue_length: 3, total_tasks: 5 });
    const own = (waiting: number, runs: number) => ({
      queue_depths: {},
      queues: {},
      total_pending: waiting,
      totals: { pending: waiting, running: runs },
    });
    expect((await app.get('/api/v1/tasks', mine)).body).toEqual(own(0, 0));
    expect((await app.get('/api/v1/tasks', other)).body).toEqual(own(3, 1));
    await app.send('DELETE', `/v1/tasks/${String(body['task_id'])}`, undefined, other);
  });
});
