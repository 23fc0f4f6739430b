import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationView } from '../../src/admin/admin-operations.dto.js';
import type { TaskList } from '../../src/tracking/task-summary.dto.js';
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
  app = await TestApp.start({ MODE: 'api', REDIS_URL: redis.url, INGRESS_RPS: '0' });
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
async function fillMany(): Promise<string[]> {
  const one = { client_id: 'many', queue: 'low', delay: 3600, task: { url: 'https://example.com/' } };
  const tasks = Array.from({ length: 1000 }, () => one);
  const ids: string[] = [];
  for (let batch = 0; batch < 3; batch++) {
    const { body } = await app.post<{ results: { task_id: string }[] }>('/v1/enqueue/batch', { tasks });
    ids.push(...body.results.map(({ task_id }) => task_id));
  }
  return ids;
}
/** How many there are in each state. */
async function states(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor && `&cursor=${cursor}`;
    const { body }: { body: TaskList } = await app.get<TaskList>(`/v1/tasks?limit=1000${query}`);
    for (const { state } of body.tasks) counts[state] = (counts[state] ?? 0) + 1;
    cursor = body.next_cursor;
  }
  return counts;
}

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
    await fill();
    const asked = { action, filter: { queue: 'low' }, rate: RATE, ...more };
    const { body } = await app.post<OperationView>('/admin/operations', asked);
    await until(async () => (await look(body.operation_id)).done >= TASKS / 8);
    await fault();
    const isOver = async () => (await look(body.operation_id)).ended_at !== undefined;
    await until(() => isOver().catch(() => false), { timeoutMs: FOLLOWED_MS, every: 100 });
    const told = await look(body.operation_id);
    expect(told).toMatchObject({ state: 'done', matched: TASKS, done: TASKS, skipped: {} });
    expect(await states()).toEqual({ [state]: TASKS });
  });

  it('a purge takes all, and an undo brings all back', async () => {
    const ids = await fillMany();
    const purging = app.send('DELETE', '/admin/queues/low').catch(() => undefined);
    const newest = (store: Redis) => store.zrange('{tr}:operations', '0', '0').then(([first]) => first);
    const id = await until(() => redis.ask(newest), { every: 1 });
    await until(() => redis.ask((store) => store.llen(`{tr}:purged:${id}`)), { every: 1 });
    await fault();
    await purging;
    const isIn = (state: string) => async () => (await look(id)).state === state;
    const patience = { timeoutMs: FOLLOWED_MS, every: 100 };
    await until(isIn('done'), patience);
    expect(await look(id)).toMatchObject({ matched: ids.length, done: ids.length });
    expect((await app.get(`/v1/tasks/${ids[0]!}`)).status).toBe(404);
    expect((await app.post(`/admin/operations/${id}/undo`, {})).status).toBe(202);
    await fault();
    await until(isIn('undone'), patience);
    expect(await states()).toEqual({ scheduled: ids.length });
  });
});
