import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import { packed } from '../support/packed.js';
import type { BatchAnswer, BatchError } from '../../src/enqueue/batch.dto.js';
import { redisUrl, TestApp } from '../support/test-app.js';

const HERE = '127.0.0.1';
const PATH = '/v1/tasks/nothing';

let app: TestApp | undefined;
let redis: Redis;
beforeAll(() => {
  redis = new Redis(redisUrl());
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
});
afterAll(async () => {
  await redis.quit();
});

const start = async (environment: Record<string, string> = {}) =>
  (app = await TestApp.start({ INGRESS_RPS: '20', MODE: 'api', ...environment }));
/** As if it had sent a minute's worth of requests just now. */
async function exhaust(principal: string): Promise<void> {
  // Of any period, as long as one is at 20 requests per second.
  const period = Math.floor(Date.now() / 51_000);
  for (const n of [period, period + 1])
    await redis.hset(`{tr}:ingress:${n}`, principal, packed(Date.now() + 60_000));
}
const status = async (path: string, headers: Record<string, string> = {}) =>
  (await app!.get(path, headers)).status;
const batch = (tasks: readonly object[], atomic = false) =>
  app!.post<BatchAnswer>('/v1/enqueue/batch', { tasks, atomic });
const task = (client_id: string) => ({ client_id, task: { url: 'http://target.example/' } });

describe('more requests per second than are taken from one sender', () => {
  it('get 429', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 200 }, () => status(PATH)));
    expect(answers.filter((each) => each === 404).length).toBeGreaterThanOrEqual(20);
    expect(new Set(answers)).toEqual(new Set([404, 429]));
  });

  it('are told when to come back, on every route but those of whoever watches', async () => {
    await start();
    await exhaust(HERE);
    for (const path of [PATH, `${PATH}/explain`, '/admin/queues', '/admin/clients']) {
      const refused = await app!.get(path);
      expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    }
    for (const free of ['/health', '/health/live', '/health/ready', '/metrics', '/version', '/openapi.json'])
      expect(await status(free), free).toBe(200);
  });

  it('are counted apart for clients that enqueue, each by itself, one by one and in batches', async () => {
    await start();
    await exhaust(HERE);
    await exhaust('flooder');
    const refused = { status: 429, body: { code: 'too_many_requests' } };
    expect(await app!.post('/v1/enqueue', task('flooder'))).toMatchObject(refused);
    for (const atomic of [true, false])
      expect(await batch([task('flooder'), task('flooder')], atomic)).toMatchObject(refused);
    expect((await app!.post('/v1/enqueue', task('neighbour'))).status).toBe(202);
    expect(await redis.hgetall('{tr}:alive')).toEqual({ 'c:neighbour': '1', 'q:default': '1' });
  });

  it('are refused in a batch for those of their sender only, and nobody else pays for them', async () => {
    await start();
    await exhaust('flooder');
    const tasks = [...Array.from({ length: 200 }, () => task('generous')), task('flooder')];
    const answer = await batch(tasks);
    expect(answer.status).toBe(202);
    const statuses = answer.body.results.map(({ status }) => status);
    expect(statuses).toEqual([...Array<string>(200).fill('enqueued'), 'error']);
    const { error } = answer.body.results.at(-1) as BatchError;
    expect(error).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(error.retry_after).toBeGreaterThan(50);
    // It has paid for its own.
    expect((await batch([task('generous')])).status).toBe(429);
  });

  it('are paid by nobody in a batch that is all or none, and stored is none', async () => {
    await start();
    await exhaust('flooder');
    const tasks = [...Array.from({ length: 200 }, () => task('prudent')), task('flooder')];
    for (let n = 0; n < 3; n++)
      expect(await batch(tasks, true)).toMatchObject({
        status: 429,
        body: { code: 'too_many_requests', errors: [{ pointer: '/tasks/200' }] },
      });
    expect(await redis.hgetall('{tr}:alive')).toEqual({});
    expect((await app!.post('/v1/enqueue', task('prudent'))).status).toBe(202);
  });

  it('are counted, wherever they were refused', async () => {
    await start();
    const counted = async () => {
      const { body } = await app!.get<string>('/metrics');
      return Number(/enqueue_refused_total\{reason="throttled"[^}]*\} (\d+)/.exec(body)?.[1] ?? 0);
    };
    const before = await counted();
    const throttled = async () => (await counted()) - before;
    await exhaust(HERE);
    await exhaust('flooder');
    expect(await throttled()).toBe(0);
    await status(PATH);
    expect(await throttled()).toBe(1);
    await app!.post('/v1/enqueue', task('flooder'));
    expect(await throttled()).toBe(2);
    await batch([task('flooder'), task('neighbour'), task('flooder')]);
    expect(await throttled()).toBe(4);
  });

  it('are counted, too, when they are wrong and looked up all the same, as they may have been right before', async () => {
    await start();
    await exhaust('flooder');
    const wrong = { ...task('flooder'), delay: -1 };
    const throttled = { status: 429, body: { code: 'too_many_requests' } };
    expect(await app!.post('/v1/enqueue', { ...wrong, task_id: 'mine' })).toMatchObject(throttled);
    expect(await app!.post('/v1/enqueue', wrong, { 'Idempotency-Key': 'k' })).toMatchObject(throttled);
    expect(await app!.post('/v1/enqueue', wrong)).toMatchObject({ status: 400 });
  });

  it('cannot be hidden behind an address that the sender makes up', async () => {
    await start();
    await exhaust(HERE);
    expect(await status(PATH, { 'x-forwarded-for': '192.0.2.7' })).toBe(429);
  });

  it('are counted by the address that a trusted proxy tells', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.0/8,192.0.2.0/24' });
    const from = (forwarded: string) => status(PATH, { 'x-forwarded-for': forwarded });
    await exhaust('198.51.100.1');
    expect(await from('198.51.100.1')).toBe(429);
    expect(await from('198.51.100.2')).toBe(404);
    // What stands before the last one that is no proxy of ours, anybody may have written.
    expect(await from('203.0.113.9, 198.51.100.1, 192.0.2.4')).toBe(429);
    expect(await from('198.51.100.1, 203.0.113.9, 192.0.2.4')).toBe(404);
    expect(await from('198.51.100.1:4711')).toBe(429);
  });

  it('are counted by the /64 of an IPv6 address, and by the proxy that tells none', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.0/8' });
    const from = (forwarded: string) => status(PATH, { 'x-forwarded-for': forwarded });
    await exhaust('2001:db8:1:2::/64');
    expect(await from('2001:db8:1:2::1')).toBe(429);
    expect(await from('[2001:db8:1:2:ffff::1]:80')).toBe(429);
    expect(await from('2001:db8:1:3::1')).toBe(404);
    await exhaust(HERE);
    expect(await from('<script>')).toBe(429);
  });

  it('are written into the audit log by an address, whatever the header says', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.0/8', INGRESS_RPS: '0' });
    const addressOf = async (forwarded: string) => {
      await app!.send('PUT', '/admin/queues/logged', { lane: 'low' }, { 'x-forwarded-for': forwarded });
      const { body } = await app!.get<{ entries: { by: { address: string } }[] }>('/admin/audit?limit=1');
      return body.entries[0]!.by.address;
    };
    expect(await addressOf('1.2.3.4:5555')).toBe('1.2.3.4');
    expect(await addressOf(`1.2.3.4, ${'x'.repeat(5000)}`)).toBe(HERE);
  });
});
