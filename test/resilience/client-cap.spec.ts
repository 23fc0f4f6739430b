import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KillableWorkers } from '../support/killable-workers.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CAP = 5;
const TASKS = 120 * Number(process.env['TEST_SCALE'] ?? 1);
const TAKES_MS = 40;

/** A target that knows how many calls are under way: one whose caller dies is not. */
class CountingTarget {
  now = 0;
  most = 0;
  calls = 0;
  private readonly server: Server = createServer((_request, response) => {
    this.calls++;
    this.most = Math.max(this.most, ++this.now);
    response.once('close', () => this.now--);
    setTimeout(() => response.end('ok'), TAKES_MS);
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let api: TestApp;
let target: CountingTarget;
let redis: Redis;
const workers = new KillableWorkers();
beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api' });
  target = new CountingTarget();
  redis = new Redis(redisUrl());
});
afterEach(async () => {
  await workers.stop();
  target.stop();
  await redis.quit();
  await api.stop();
});

it('the cap of a tier holds over two workers, also when one is killed, and its slots come back', async () => {
  const url = await target.start();
  const limits = { requests_per_minute: null, max_concurrent: CAP };
  await api.send('PUT', '/admin/tiers/narrow', limits);
  await api.send('POST', '/admin/clients/set', { client_id: 'capped', tier: 'narrow' });
  const ids = await Promise.all(
    Array.from({ length: TASKS }, () => api.enqueue({ url }, { client_id: 'capped' })),
  );
  const [doomed] = await Promise.all([workers.start(), workers.start()]);
  await until(() => target.calls > TASKS / 4, { timeoutMs: 20_000 });
  // With tasks of the client in the middle of their calls.
  await until(() => target.now === CAP);
  const before = target.calls;
  doomed.child.kill('SIGKILL');
  await doomed.ended;
  for (const id of ids) await api.taskIn('completed', id, 60_000);
  expect(target.most).toBe(CAP);
  expect(target.calls).toBeGreaterThanOrEqual(TASKS);
  expect(target.calls).toBeLessThanOrEqual(TASKS + CAP);

  // The one that is left has all of them.
  target.most = 0;
  const more = await Promise.all(
    Array.from({ length: 20 }, () => api.enqueue({ url }, { client_id: 'capped' })),
  );
  for (const id of more) await api.taskIn('completed', id, 20_000);
  expect(target.most).toBe(CAP);
  expect(await redis.hgetall('{tr}:running')).toEqual({});
  expect(await redis.hgetall('{tr}:held')).toEqual({});
  process.stdout.write(
    `client-cap: ${TASKS} tasks, killed after ${before} calls, ${target.calls - TASKS - 20} made twice, never more than ${CAP} at once\n`,
  );
});
