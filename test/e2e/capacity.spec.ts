import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import type { QueueView } from '../../src/admin/admin-queues.dto.js';
import { type Product, startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';

const MOST = 150;

let redis: Redis;
let apis: Product[];
beforeAll(async () => {
  redis = new Redis(redisUrl());
  await redis.flushdb();
  const settings = { MODE: 'api', REDIS_URL: redisUrl(), MAX_QUEUE_SIZE: String(MOST) };
  apis = await Promise.all([startProduct(settings), startProduct(settings)]);
});
afterAll(async () => {
  for (const { child, ended } of apis) {
    child.kill('SIGTERM');
    await ended;
  }
  await redis.quit();
});

interface Result {
  readonly status: string;
  readonly error?: { readonly code: string };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: number;
  readonly body: Partial<Record<'code' | 'task_id', string>> &
    Partial<QueueView> & { readonly results?: readonly Result[] };
}

async function send(method: string, path: string, body?: object, nth = 0): Promise<Answer> {
  const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${apis[nth % apis.length]!.url}${path}`, { method, ...init });
  const retryAfter = Number(response.headers.get('retry-after'));
  return { status: response.status, retryAfter, body: (await response.json()) as Answer['body'] };
}

const enqueue = (n: number, fields: object = {}) =>
  send('POST', '/v1/enqueue', { client_id: 'shop', task: { url: 'http://target.example/' }, ...fields }, n);
const enqueueMany = (count: number, fields: object = {}) =>
  Promise.all(Array.from({ length: count }, (_, n) => enqueue(n, fields)));
const cancel = (answers: readonly Answer[]) =>
  Promise.all(answers.map(({ body }) => send('DELETE', `/v1/tasks/${body.task_id ?? ''}`)));
const split = (answers: readonly Answer[]) => ({
  accepted: answers.filter(({ status }) => status === 202),
  refused: answers.filter(({ status }) => status !== 202),
});
const codesOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ body }) => body.code))];

describe('a bound on tasks alive', () => {
  it('of all: N are accepted, in parallel and by two processes, the next is refused, and each that ends makes room', async () => {
    const { accepted, refused } = split(await enqueueMany(MOST + 60));
    expect([accepted.length, refused.length]).toEqual([MOST, 60]);
    expect(codesOf(refused)).toEqual(['queue_full']);
    for (const { status, retryAfter } of refused) expect([status, retryAfter > 0]).toEqual([503, true]);
    await cancel(accepted.slice(0, 3));
    expect(split(await enqueueMany(5)).accepted).toHaveLength(3);
    await cancel(accepted.slice(3));
  });

  it('of a client: exactly so many over two processes, one by one and in batches', async () => {
    const set = (max_alive: number | null) =>
      send('POST', '/admin/clients/set', { client_id: 'bounded', tier: 'enterprise', max_alive });
    await set(25);
    const one = { client_id: 'bounded', task: { url: 'http://target.example/' }, delay: 3600 };
    const batchOf = async (nth: number) =>
      (await send('POST', '/v1/enqueue/batch', { tasks: Array.from({ length: 10 }, () => one) }, nth)).body
        .results!;
    const [single, ...batches] = await Promise.all([enqueueMany(20, one), batchOf(0), batchOf(1)]);
    const { accepted, refused } = split(single);
    const results = batches.flat();
    const stored = results.filter(({ status }) => status === 'enqueued');
    expect(accepted.length + stored.length).toBe(25);
    const codes = results.flatMap(({ error }) => (error ? [error.code] : []));
    expect(new Set([...codesOf(refused), ...codes])).toEqual(new Set(['client_queue_full']));
    expect(await redis.hget('{tr}:alive', 'c:bounded')).toBe('25');
    expect((await enqueue(0)).status).toBe(202);
    await cancel(accepted.slice(0, 2));
    expect(split(await enqueueMany(10, one)).accepted).toHaveLength(Math.min(2, accepted.length));
    await set(null);
    expect((await enqueue(1, one)).status).toBe(202);
  });

  it('of a queue: set, shown, changed while it is full, and lifted', async () => {
    const put = (settings: object) => send('PUT', '/admin/queues/small', { lane: 'low', ...settings });
    expect((await put({ max_alive: 7 })).body).toMatchObject({ name: 'small', max_alive: 7 });
    const { accepted, refused } = split(await enqueueMany(20, { queue: 'small', delay: 3600 }));
    expect([accepted.length, refused.length, codesOf(refused)]).toEqual([7, 13, ['named_queue_full']]);
    expect((await enqueue(0)).status).toBe(202);
    await put({ max_alive: 9 });
    expect(split(await enqueueMany(5, { queue: 'small' })).accepted).toHaveLength(2);
    await put({ max_alive: 2 });
    await cancel(accepted);
    expect((await enqueue(1, { queue: 'small' })).body.code).toBe('named_queue_full');
    const { body } = await put({});
    expect(body).not.toHaveProperty('max_alive');
    expect((await enqueue(1, { queue: 'small' })).status).toBe(202);
    for (const max_alive of [0, -1, 1.5, 'x']) expect((await put({ max_alive })).status).toBe(400);
  });
});
