import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationView } from '../../src/admin/admin-operations.dto.js';
import { RedisNode } from '../support/redis-node.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const TASKS = 400;
const RATE = 200;
/** Longer than a command waits for its reply. */
const AWAY_MS = 8000;
/** As long as an operation waits for who worked on it, and what it has to do then. */
const FOLLOWED_MS = 40_000;

let redis: RedisNode;
let app: TestApp;
beforeEach(async () => {
  redis = await RedisNode.start(['appendonly yes', 'appendfsync always', 'save ""']);
  app = await TestApp.start({ MODE: 'api', REDIS_URL: redis.url });
});
afterEach(async () => {
  await app.stop();
  await redis.remove();
});

const look = async (id: string) => (await app.get<OperationView>(`/admin/operations/${id}`)).body;
const fill = () =>
  Promise.all(
    Array.from({ length: TASKS }, () =>
      app.enqueue({ url: 'https://example.com/' }, { delay: 3600, queue: 'low' }),
    ),
  );
const states = async (ids: readonly string[]) =>
  new Set(await Promise.all(ids.map(async (id) => (await app.get(`/v1/tasks/${id}`)).body['state'])));

/** Each is away for a while in the middle of the operation. */
const FAULTS: [string, () => Promise<void>][] = [
  [
    'does not answer',
    async () => {
      redis.signal('SIGSTOP');
      await sleep(AWAY_MS);
      redis.signal('SIGCONT');
    },
  ],
  [
    'is killed and starts again with its append-only file',
    async () => {
      await redis.kill();
      await sleep(1000);
      await redis.run();
    },
  ],
];

describe.each(FAULTS)('Redis %s in the middle of an operation', (_what, fault) => {
  it.each([
    ['cancel', {}, 'cancelled'],
    ['reschedule', { scheduled_at: '2027-01-31T09:00:00Z' }, 'scheduled'],
  ])('%s deals with each task once, and counts right', async (action, more, state) => {
    const ids = await fill();
    const asked = { action, filter: { queue: 'low' }, rate: RATE, ...more };
    const { body } = await app.post<OperationView>('/admin/operations', asked);
    await until(async () => (await look(body.operation_id)).done >= TASKS / 8);
    await fault();
    const isOver = async () => (await look(body.operation_id)).ended_at !== undefined;
    await until(() => isOver().catch(() => false), { timeoutMs: FOLLOWED_MS, every: 100 });
    const told = await look(body.operation_id);
    expect(told).toMatchObject({ state: 'done', matched: TASKS, done: TASKS, skipped: {} });
    expect(await states(ids)).toEqual(new Set([state]));
  });

  it('a purge takes all, and an undo brings all back', async () => {
    const ids = await fill();
    const purging = app.send<OperationView>('DELETE', '/admin/queues/low').catch(() => undefined);
    await fault();
    await purging;
    const { operations } = (await app.get<{ operations: OperationView[] }>('/admin/operations')).body;
    const { operation_id: id } = operations[0]!;
    await until(async () => (await look(id)).state === 'done', { timeoutMs: FOLLOWED_MS, every: 100 });
    expect(await look(id)).toMatchObject({ matched: TASKS, done: TASKS });
    expect((await app.post(`/admin/operations/${id}/undo`, {})).status).toBe(202);
    await fault();
    await until(async () => (await look(id)).state === 'undone', { timeoutMs: FOLLOWED_MS, every: 100 });
    expect(await states(ids)).toEqual(new Set(['scheduled']));
  });
});
