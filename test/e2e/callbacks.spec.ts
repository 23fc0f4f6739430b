import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSigningSecret } from '../../src/admin/admin-signing.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { type Received, Receiver } from '../support/receiver.js';
import { inRedis, redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { verifies } from '../support/verify-webhook.js';

const CLIENT = 'calling-client';

let app: TestApp;
let target: Receiver;
let done: Receiver;
let failed: Receiver;
beforeAll(async () => {
  [app, target, done, failed] = await Promise.all([
    TestApp.start({ TASK_ENCRYPTION_KEY: randomBytes(32).toString('base64'), MAX_RETRY: '2' }),
    ...[Receiver.start(), Receiver.start(), Receiver.start()],
  ] as const);
  await app.post('/admin/clients/set', { client_id: CLIENT, tier: 'enterprise' });
});
beforeEach(() => {
  for (const receiver of [target, done, failed]) receiver.reset();
});
afterAll(async () => {
  await Promise.all([app, target, done, failed].map((each) => each.stop()));
});

const urls = () => ({
  callback_url: `${done.url}/done?key=secret`,
  failure_callback_url: `${failed.url}/failed`,
});
const enqueue = (fields: object = {}, task: object = { url: target.url }) =>
  app.enqueue(task, { client_id: CLIENT, ...urls(), ...fields });
const said = ({ body }: Received) => JSON.parse(body.toString()) as Record<string, unknown>;
const shown = async (id: string) => (await app.get<TaskView>(`/v1/tasks/${id}`)).body;

describe('a callback', () => {
  it('tells of a success, with the answer, as a task of its own', async () => {
    target.answer = (_, response) => response.end('all well');
    const id = await enqueue({ task_id: 'order-1', metadata: { shop: '7' } });
    const [call] = await done.gets(1);
    expect(said(call!)).toMatchObject({
      ...{ task_id: id, client_id: CLIENT, queue: 'default', state: 'completed', reason: null, attempts: 1 },
      ...{ status: 200, error: null, response: 'all well', metadata: { shop: '7' } },
    });
    expect(call!.path).toBe('/done?key=secret');
    expect(call!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-task-id': `${CLIENT}.order-1@callback`,
      'x-task-callback-of': id,
      'x-task-depth': '2',
    });
    const task = await shown(id);
    expect(task).toMatchObject({ ...urls(), callback_task_id: `${id}@callback` });
    expect(await app.taskIn('completed', task.callback_task_id!)).toMatchObject({ callback_of: id });
    expect(await shown(task.callback_task_id!)).not.toHaveProperty('callback_task_id');
    expect(failed.received).toEqual([]);
  });

  it('tells of a dead letter, with the last failure; and again when it is retried by hand', async () => {
    target.answer = (_, response, nth) => {
      response.statusCode = nth > 2 ? 200 : 500;
      response.end('broken');
    };
    const id = await enqueue({ max_retries: 1 });
    const [failure] = await failed.gets(1);
    expect(said(failure!)).toMatchObject({
      ...{ task_id: id, state: 'dead_letter', reason: 'attempts_exhausted', attempts: 2, status: 500 },
      response: 'broken',
    });
    await app.post(`/v1/tasks/${id}/retry`, {});
    const [success] = await done.gets(1);
    expect(said(success!)).toMatchObject({ task_id: id, state: 'completed', attempts: 1 });
    expect(success!.headers['x-task-id']).toBe(`${id}@callback-2`);
    expect(failed.received).toHaveLength(1);
  });

  it('tells of what is cancelled before it runs, while it runs, and of what expires', async () => {
    const waiting = await enqueue({ delay: 600 });
    await app.send('DELETE', `/v1/tasks/${waiting}`);
    await failed.gets(1);
    target.answer = () => undefined;
    const running = await enqueue();
    await target.gets(1);
    await app.send('DELETE', `/v1/tasks/${running}`);
    await failed.gets(2);
    await app.send('POST', '/admin/queues/low/pause', { reason: 'test' });
    const late = await enqueue({ queue: 'low', ttl: 0.05 });
    await app.taskIn('expired', late);
    await app.send('POST', '/admin/queues/low/resume');
    await failed.gets(3);
    const states = failed.received.map((call) => [said(call)['task_id'], said(call)['state']]);
    expect(states).toEqual([
      [waiting, 'cancelled'],
      [running, 'cancelled'],
      [late, 'expired'],
    ]);
    expect(done.received).toEqual([]);
  });

  it('goes to callback_url alone when that is all there is, and nowhere when only failures are to be told', async () => {
    target.answer = (request, response) => {
      response.statusCode = request.path === '/bad' ? 410 : 200;
      response.end();
    };
    const bad = { max_retries: 0, failure_callback_url: null };
    const id = await enqueue(bad, { url: `${target.url}/bad` });
    expect(said((await done.gets(1))[0]!)).toMatchObject({ task_id: id, state: 'dead_letter', status: 410 });
    const quiet = await enqueue({ callback_url: null });
    await app.taskIn('completed', quiet);
    await until(async () => (await stored()).orders === 0);
    expect(await shown(quiet)).not.toHaveProperty('callback_task_id');
    expect(failed.received).toEqual([]);
  });

  it('says what the handler of a typed task returned', async () => {
    const request = { client_id: CLIENT, type: 'echo', payload: { secret: 'SESAME' }, ...urls() };
    const { task_id } = (await app.post<{ task_id: string }>('/v1/enqueue', request)).body;
    expect(said((await done.gets(1))[0]!)).toMatchObject({
      ...{ task_id, state: 'completed', status: null, response: null },
      result: { echoed: { secret: 'SESAME' } },
    });
    await app.post('/v1/enqueue', { ...request, type: 'fail', payload: {}, max_retries: 0 });
    expect(said((await failed.gets(1))[0]!)).toMatchObject({ state: 'dead_letter', result: null });
  });

  it('of a task whose id was used before is told all the same', async () => {
    done.answer = (_, response) => {
      response.statusCode = 410;
      response.end();
    };
    const first = await enqueue({ task_id: 'daily' });
    await app.taskIn('dead_letter', `${first}@callback`, 60_000);
    await inRedis((redis) => redis.del(`{tr}:default:${first}`));
    done.reset();
    expect(await enqueue({ task_id: 'daily' })).toBe(first);
    const [call] = await done.gets(1);
    expect(call!.headers['x-task-id']).toBe(`${first}@callback-2`);
    expect(await shown(first)).toMatchObject({ callback_task_id: `${first}@callback-2` });
  });

  it('is retried as tasks are, and signed as they are', async () => {
    const made = await app.post<CreatedSigningSecret>(`/admin/clients/${CLIENT}/signing-secrets`, {});
    const { secret } = made.body;
    done.answer = (_, response, nth) => {
      response.statusCode = nth === 1 ? 500 : 200;
      response.end();
    };
    await until(async () => {
      await enqueue();
      await done.gets(2);
      return done.received.some((call) => verifies(call, secret, Date.now() / 1000));
    });
    expect(done.received[1]!.headers['x-task-attempt']).toBe('2');
  });

  it('leaves nothing behind, and nothing readable before', async () => {
    const redis = new Redis(redisUrl());
    await app.send('POST', '/admin/queues/high/pause', { reason: 'test' });
    const id = await enqueue({ queue: 'high' });
    const fields = await redis.hgetall(`{tr}:high:${id}`);
    await redis.quit();
    expect(fields['cb']).toContain('"sealed"');
    expect(JSON.stringify(fields)).not.toContain('secret');
    await app.send('POST', '/admin/queues/high/resume');
    await done.gets(1);
    await until(async () => (await stored()).orders === 0);
    expect(await stored()).toEqual({ orders: 0, said: 0 });
  });
});

async function stored() {
  const redis = new Redis(redisUrl());
  const [orders, texts] = [await redis.zcard('{tr}:callbacks'), await redis.hlen('{tr}:callbacks:orders')];
  await redis.quit();
  return { orders, said: texts };
}

interface Refusal {
  readonly errors: readonly { pointer: string }[];
}

it('addresses of callbacks are held to what holds for those of tasks', async () => {
  const refused = async (fields: object, client_id = CLIENT) => {
    const request = { client_id, task: { url: target.url }, ...fields };
    const { status, body } = await app.post<Refusal>('/v1/enqueue', request);
    return [status, body.errors.map(({ pointer }) => pointer)];
  };
  const private_ = { callback_url: 'http://10.0.0.1/', failure_callback_url: 'ftp://a.example/' };
  expect(await refused(private_)).toEqual([400, ['/callback_url', '/failure_callback_url']]);
  expect(await refused({ callback_url: 'http://u:p@a.example/' })).toEqual([400, ['/callback_url']]);
  expect(await refused({ callback_url: 7 })).toEqual([400, ['/callback_url']]);
  await app.post('/admin/clients/set', { client_id: 'held-client', tier: 'enterprise' });
  const deny = { deny: ['*.denied.example'] };
  await app.send('PUT', '/admin/clients/held-client/destinations', deny);
  const denied = { failure_callback_url: 'http://a.denied.example/' };
  expect(await refused(denied, 'held-client')).toEqual([400, ['/failure_callback_url']]);
});
