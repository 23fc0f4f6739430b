import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRedis, startRedis } from '../../scripts/embedded-redis.mjs';
import { Proxy } from '../support/proxy.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** What a client is promised: an answer within this time, whatever Redis does. */
const PROMISE_MS = 5000;

let redis: EmbeddedRedis;
let proxy: Proxy;
let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
  proxy = await Proxy.to(redis.url);
  target = await Receiver.start();
  app = await TestApp.start({ REDIS_URL: proxy.url }, true);
});
afterAll(async () => {
  await app.stop();
  await target.stop();
  await proxy.stop();
  await redis.stop();
});

async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now();
  return { result: await work, ms: performance.now() - started };
}

const enqueue = () => app.post('/v1/enqueue', { client_id: 'test-client', task: { url: target.url } });

async function expectOutage(): Promise<void> {
  // Also those that come while others are waiting already.
  const requests = [0, 300, 1500].map((after) => sleep(after).then(() => timed(enqueue())));
  for (const { result, ms } of await Promise.all(requests)) {
    expect(result).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    expect(result.headers.get('retry-after')).toBe('1');
    expect(ms).toBeLessThan(PROMISE_MS);
  }
  expect((await app.get('/v1/tasks/some-client.some-id')).status).toBe(503);
  expect((await app.get('/health/live')).status).toBe(200);
  expect((await app.get('/metrics')).status).toBe(200);
  expect(await app.get('/health/ready')).toMatchObject({
    status: 503,
    body: { status: 'not_ready', down: ['redis'] },
  });
  expect(await app.get('/health')).toMatchObject({
    status: 503,
    body: { status: 'unhealthy', redis: 'disconnected' },
  });
  expect(await app.get('/health/detailed')).toMatchObject({
    status: 503,
    body: { error: { redis: { status: 'down' } } },
  });
}

async function expectRecovery(): Promise<void> {
  await until(async () => (await app.get('/health/ready')).status === 200, { timeoutMs: 20_000 });
  const before = target.received.length;
  const answer = await enqueue();
  expect(answer.status).toBe(202);
  await app.taskIn('completed', String(answer.body['task_id']), 20_000);
  expect(target.received.length).toBeGreaterThan(before);
}

describe('when Redis', () => {
  it('is cut off, enqueue answers 503 at once, and all is well again by itself when it is back', async () => {
    await expectRecovery();
    proxy.cut();
    await until(async () => (await app.get('/health')).status === 503);
    await expectOutage();
    proxy.mend();
    await expectRecovery();
  });

  it('hangs, enqueue answers 503 within five seconds', async () => {
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await expectOutage();
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await expectRecovery();
  });
});
