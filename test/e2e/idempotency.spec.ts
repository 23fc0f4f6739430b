import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import type { EnqueueAnswer } from '../../src/enqueue/enqueue-answer.dto.js';
import { type Product, startProduct } from '../support/product.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';

const DAY_MS = 86_400_000;

let app: TestApp;
let other: Product;
let target: Receiver;
let redis: Redis;
beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start(), Receiver.start()]);
  other = await startProduct({ MODE: 'api', REDIS_URL: redisUrl(), ALLOW_LOOPBACK_URLS: 'true' });
  redis = new Redis(redisUrl());
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  other.child.kill('SIGTERM');
  await other.ended;
  await app.stop();
  await target.stop();
  await redis.quit();
});

let keys = 0;
const freshKey = () => `key-${++keys}`;
const body = (fields: object = {}) => ({ client_id: 'shop', task: { url: target.url }, ...fields });
const enqueue = (key: string, fields: object = {}) =>
  app.post<EnqueueAnswer>('/v1/enqueue', body(fields), { 'idempotency-key': key });

describe('an Idempotency-Key', () => {
  it('gets the first answer again, word for word, and one call is made', async () => {
    const key = freshKey();
    const first = await enqueue(key, { queue: 'low' });
    expect(first).toMatchObject({ status: 202, body: { status: 'enqueued', queue: 'low' } });
    for (const spelling of [key, `"${key}"`]) {
      const again = await enqueue(spelling, { queue: 'low' });
      expect({ status: again.status, body: again.body }).toEqual({ status: 202, body: first.body });
    }
    await app.taskIn('completed', first.body.task_id);
    expect((await enqueue(key, { queue: 'low' })).body).toEqual(first.body);
    expect(target.received).toHaveLength(1);
  });

  it('sent many times at once to two processes stores one task', async () => {
    const key = freshKey();
    const send = async (n: number) => {
      const url = n % 2 === 0 ? app.url : other.url;
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      const request = { method: 'POST', headers, body: JSON.stringify(body({ delay: 3600 })) };
      const response = await fetch(`${url}/v1/enqueue`, request);
      const { task_id } = (await response.json()) as EnqueueAnswer;
      return `${response.status} ${task_id}`;
    };
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => send(n)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^202 /);
    expect(await redis.zcard('{tr}:default:delayed')).toBe(1);
  });

  it('with another body is refused, and stores nothing', async () => {
    const key = freshKey();
    await enqueue(key, { delay: 3600 });
    const before = await redis.dbsize();
    const reused = { status: 422, body: { code: 'idempotency_key_reused' } };
    for (const fields of [{ delay: 3601 }, { delay: 3600, queue: 'low' }, { delay: 3600, metadata: {} }])
      expect(await enqueue(key, fields)).toMatchObject(reused);
    expect(await redis.dbsize()).toBeLessThanOrEqual(before);
  });

  it('belongs to its client, whatever the lane', async () => {
    const key = freshKey();
    const [one, two] = [
      await enqueue(key, { delay: 3600 }),
      await enqueue(key, { delay: 3600, client_id: 'another' }),
    ];
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(one.body.task_id).not.toBe(two.body.task_id);
  });

  it('is answered the same when its task is cancelled, and when it is gone', async () => {
    const key = freshKey();
    const first = await enqueue(key, { delay: 3600 });
    const path = `/v1/tasks/${first.body.task_id}`;
    expect((await app.send('DELETE', path)).status).toBe(200);
    expect((await enqueue(key, { delay: 3600 })).body).toEqual(first.body);
    for (const name of await redis.keys(`*${first.body.task_id}*`)) await redis.del(name);
    expect((await app.get(path)).status).toBe(404);
    expect((await enqueue(key, { delay: 3600 })).body).toEqual(first.body);
  });

  it('need not be: a task_id is answered the same for as long as its task is kept, cancelled or done', async () => {
    const send = (task_id: string, fields: object) =>
      app.post<EnqueueAnswer>('/v1/enqueue', body({ task_id, ...fields }));
    const [cancelled, done] = [freshKey(), freshKey()];
    const first = await send(cancelled, { delay: 3600 });
    await app.send('DELETE', `/v1/tasks/${first.body.task_id}`);
    expect(await send(cancelled, { delay: 0 })).toMatchObject({ status: 202, body: first.body });
    expect((await app.get(`/v1/tasks/${first.body.task_id}`)).body).toMatchObject({ state: 'cancelled' });
    const other = await send(done, {});
    await app.taskIn('completed', other.body.task_id);
    expect(await send(done, { queue: 'low' })).toMatchObject({ status: 202, body: other.body });
    expect(target.received).toHaveLength(1);
  });

  it('is answered the same after an edit; a task_id alone is answered with when its task is due now', async () => {
    const [key, task_id] = [freshKey(), freshKey()];
    const first = await enqueue(key, { task_id, delay: 3600 });
    const edited = await app.send<TaskView>('PATCH', `/v1/tasks/${first.body.task_id}`, { delay: 7200 });
    expect(edited.body.scheduled_at).not.toBe(first.body.scheduled_at);
    expect((await enqueue(key, { task_id, delay: 3600 })).body).toEqual(first.body);
    const again = await app.post<EnqueueAnswer>('/v1/enqueue', body({ task_id, delay: 3600 }));
    const { scheduled_at } = edited.body;
    expect(again.body).toEqual(Object.assign(first.body, { scheduled_at }));
  });

  it('is answered the same when the request would be refused by now', async () => {
    const key = freshKey();
    const soon = new Date(Date.now() + 400).toISOString();
    const fields = { expires_at: soon, task_id: freshKey() };
    const first = await enqueue(key, fields);
    expect(first.status).toBe(202);
    await sleep(Math.max(0, Date.parse(soon) - Date.now()) + 20);
    expect((await enqueue(freshKey(), { expires_at: soon })).status).toBe(400);
    for (const again of [await enqueue(key, fields), await app.post('/v1/enqueue', body(fields))])
      expect({ status: again.status, body: again.body }).toEqual({ status: 202, body: first.body });
    expect((await enqueue(key, { ...fields, delay: 1 })).status).toBe(422);
  });

  it('is kept for 24 hours, in little memory', async () => {
    const key = freshKey();
    const before = new Set(await redis.keys('{tr}:receipt:*'));
    await enqueue(key, { delay: 3600 });
    const [receipt] = (await redis.keys('{tr}:receipt:*')).filter((name) => !before.has(name));
    expect(DAY_MS - (await redis.pttl(receipt!))).toBeLessThan(60_000);
    expect(await redis.memory('USAGE', receipt!)).toBeLessThan(300);
    expect(`${receipt} ${await redis.get(receipt!)}`).not.toContain(key);
  });

  it('that is none is refused', async () => {
    for (const key of ['', 'a b', 'x'.repeat(256)])
      expect(await enqueue(key)).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
  });

  it('of a request that was refused may be used again', async () => {
    const key = freshKey();
    expect((await enqueue(key, { queue: 'no-such-queue' })).status).toBe(400);
    expect((await enqueue(key, { delay: 3600 })).status).toBe(202);
  });
});
