import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN_KEY = 'admin-key-of-this-test';
const AS_ADMIN = { 'x-admin-key': ADMIN_KEY };
const TOKENS = {
  ADMIN_API_KEY: ADMIN_KEY,
  METRICS_TOKEN: 'metrics-token',
  AUTOSCALE_TOKEN: 'autoscale-token',
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let app: TestApp;
let target: Receiver;
beforeEach(async () => {
  target = await Receiver.start();
});
afterEach(async () => {
  await app.stop();
  await target.stop();
});

interface Scale {
  readonly desired_workers: number;
  readonly runnable_tasks: number;
}

/** As it is counted next: figures of the fleet are told for five seconds. */
async function nextCount(): Promise<Scale> {
  const ask = async () => (await app.get<Scale & { counted_at: string }>('/v1/autoscale', AS_ADMIN)).body;
  const { counted_at } = await ask();
  let last = await ask();
  await until(async () => (last = await ask()).counted_at !== counted_at, { timeoutMs: 15_000, every: 250 });
  return last;
}

describe('GET /v1/autoscale', () => {
  it('10,000 tasks held by the cap of their client leave it at the minimum; without the cap it rises', async () => {
    app = await TestApp.start({ ADMIN_API_KEY: ADMIN_KEY, INGRESS_RPS: '0', MAX_BATCH_BYTES: '16000000' });
    target.answer = (_request, response) => void setTimeout(() => response.end('ok'), 200);
    const limits = (max_concurrent: number | null) => ({ requests_per_minute: null, max_concurrent });
    await app.send('PUT', '/admin/tiers/capped', limits(1), AS_ADMIN);
    await app.post('/admin/clients/set', { client_id: 'crowd', tier: 'capped', enabled: true }, AS_ADMIN);
    const tasks = Array.from({ length: 1000 }, () => ({ client_id: 'crowd', task: { url: target.url } }));
    for (let n = 0; n < 10; n++) await app.post('/v1/enqueue/batch', { tasks });
    for (let n = 0; n < 2; n++) {
      const held = await nextCount();
      expect(held.desired_workers).toBe(1);
      expect(held.runnable_tasks).toBeLessThanOrEqual(1);
    }
    expect((await scrape(app.url)).sum('taskqueue_deferred_tasks', { gate: 'client' })).toBeGreaterThan(9000);
    await app.send('PUT', '/admin/tiers/capped', limits(null), AS_ADMIN);
    await nextCount();
    const free = await nextCount();
    expect(free.runnable_tasks).toBeGreaterThan(5000);
    expect(free.desired_workers).toBeGreaterThan(1);
    expect((await scrape(app.url)).sum('taskqueue_desired_workers')).toBe(free.desired_workers);
    // Four counts, of which there is one in five seconds.
  }, 120_000);

  it('a schedule that is due wants a worker: with none, nobody makes a task of it', async () => {
    const settings = { ADMIN_API_KEY: ADMIN_KEY, MODE: 'api', AUTOSCALE_MIN_WORKERS: '0' };
    app = await TestApp.start(settings);
    expect((await nextCount()).desired_workers).toBe(0);
    const schedule = { client_id: 'nightly', schedule_id: 'tick', every: 1, task: { url: target.url } };
    expect((await app.post('/v1/schedules', schedule)).status).toBe(201);
    await until(async () => (await nextCount()).desired_workers === 1, { timeoutMs: 20_000 });
  });

  it('wants others beside workers that are paused', async () => {
    app = await TestApp.start({ ADMIN_API_KEY: ADMIN_KEY, WORKER_ID: 'w-1' });
    await app.send('POST', '/admin/workers/w-1/pause', {}, AS_ADMIN);
    await app.enqueue({ url: target.url });
    await nextCount();
    expect(await nextCount()).toMatchObject({
      desired_workers: 2,
      workers: 1,
      held_workers: 1,
      runnable_tasks: 1,
    });
  });

  it.each([
    ['/v1/autoscale', 'autoscale-token', 'metrics-token'],
    ['/metrics', 'metrics-token', 'autoscale-token'],
  ])('%s opens with its own token or the admin key', async (path, own, other) => {
    app = await TestApp.start({ ...TOKENS, AUTH_MODE: 'key' });
    const status = async (headers: Record<string, string> = {}) => (await app.get(path, headers)).status;
    expect(await status(bearer(own))).toBe(200);
    expect(await status(AS_ADMIN)).toBe(200);
    expect(await status()).toBe(401);
    expect(await status(bearer(other))).toBe(401);
    expect(await status({ 'x-admin-key': 'wrong' })).toBe(401);
    expect((await app.get('/admin/clients', bearer(own))).status).toBe(401);
    expect((await app.get('/v1/tasks', bearer(own))).status).toBe(401);
    for (let n = 0; n < 20; n++) await status(bearer('guess'));
    expect(await status(bearer('guess'))).toBe(429);
  });

  it('without a token of its own is for admins only, and metrics are for everybody', async () => {
    app = await TestApp.start({ ADMIN_API_KEY: ADMIN_KEY });
    expect((await app.get('/v1/autoscale')).status).toBe(401);
    expect((await app.get('/v1/autoscale', AS_ADMIN)).status).toBe(200);
    expect((await app.get('/metrics')).status).toBe(200);
  });
});
