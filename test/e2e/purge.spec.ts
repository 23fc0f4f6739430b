import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterList } from '../../src/admin/admin-dlq.dto.js';
import type { OperationView } from '../../src/admin/admin-operations.dto.js';
import type { PurgeResult } from '../../src/admin/admin-purge.dto.js';
import type { QueueDetailView } from '../../src/admin/queue-figures.dto.js';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { redisUrl, storedKeys, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  [app, target] = await Promise.all([
    TestApp.start({ ADMIN_API_KEY: ADMIN['x-admin-key'] }),
    Receiver.start(),
  ]);
});
afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});
beforeEach(() => {
  target.answer = (_request, response) => response.end('ok');
  target.received.length = 0;
});

const remove = (path: string) => app.send<PurgeResult>('DELETE', path, undefined, ADMIN);
const look = async (id: string) => (await app.get<OperationView>(`/admin/operations/${id}`, ADMIN)).body;
const undo = (id: string) => app.post(`/admin/operations/${id}/undo`, {}, ADMIN);
const later = async (count: number, fields: object = {}) => {
  const body = { delay: 3600, queue: 'low', metadata: { order: '7' }, ...fields };
  return Promise.all(
    Array.from({ length: count }, () => app.enqueue({ url: target.url, json: { a: [1] } }, body)),
  );
};
const shown = async (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await app.get(`/v1/tasks/${id}`)).body));
const low = async () => (await app.get<QueueDetailView>('/admin/queues/low', ADMIN)).body;

describe('DELETE /admin/queues/{name}', () => {
  it('counts first, empties a lane at once, and undoes it', async () => {
    const ids = await later(12);
    const [other] = await later(1, { queue: 'default' });
    const before = await shown(ids);
    const counted = await remove('/admin/queues/low?dry_run=true');
    expect(counted.body).toMatchObject({ dry_run: true, matched: 12, purged: 0, done: 0, state: 'done' });
    expect(counted.body.sample).toHaveLength(10);
    expect(await shown(ids)).toEqual(before);

    const purged = await remove('/admin/queues/low');
    expect(purged.status).toBe(200);
    expect(purged.body).toMatchObject({
      ...{ message: '12 tasks of queue low were purged', queue: 'low', purged: 12, matched: 12, done: 12 },
      ...{ action: 'purge', state: 'done', skipped: {} },
    });
    expect(Date.parse(purged.body.undo_until!) - Date.now()).toBeGreaterThan(14 * 60_000);
    for (const task of await shown(ids)) expect(task['code']).toBe('task_not_found');
    const { tasks } = (await app.get<{ tasks: { task_id: string }[] }>('/v1/tasks')).body;
    expect(tasks.map((task) => task.task_id)).toEqual([other]);
    expect(await low()).toMatchObject({ depth: { scheduled: 0 } });
    const { entries } = (await app.get<{ entries: object[] }>('/admin/audit?limit=1', ADMIN)).body;
    expect(entries[0]).toMatchObject({ action: 'operation.begin', target: 'queue:low' });

    expect((await undo(purged.body.operation_id)).status).toBe(202);
    await until(async () => (await look(purged.body.operation_id)).state === 'undone');
    expect(await shown(ids)).toEqual(before);
    expect((await undo(purged.body.operation_id)).body['code']).toBe('operation_over');
    await app.post(`/v1/tasks/${ids[0]!}/run`, {});
    await app.taskIn('completed', ids[0]!);
    expect(JSON.parse(target.received[0]!.body.toString())).toEqual({ a: [1] });
    await remove('/admin/queues/low?now');
    await remove('/admin/queues/default?now');
  });

  it('leaves what runs alone', async () => {
    let answer: (() => void) | undefined;
    target.answer = (_request, response) => (answer = () => response.end('ok'));
    const id = await app.enqueue({ url: target.url }, { queue: 'low' });
    await app.taskIn('running', id);
    const purged = await remove('/admin/queues/low');
    expect(purged.body).toMatchObject({ matched: 0, done: 0, skipped: { task_running: 1 } });
    await until(() => answer);
    answer?.();
    await app.taskIn('completed', id);
  });

  it('frees the memory at once when it is told so, and then there is no way back', async () => {
    const ids = await later(300);
    const { body } = await remove('/admin/queues/low?now=true');
    expect(body).toMatchObject({ purged: 300 });
    expect(body.undo_until).toBeUndefined();
    await until(async () => (await look(body.operation_id)).ended_at !== undefined);
    const keys = await storedKeys();
    expect(
      keys.filter(
        (key) => !key.includes(':operation:') && [...ids, body.operation_id].some((id) => key.includes(id)),
      ),
    ).toEqual([]);
    expect((await undo(body.operation_id)).body['code']).toBe('not_undoable');
    expect(await app.enqueue({ url: target.url }, { task_id: 'mine', queue: 'low', delay: 60 })).toBeTruthy();
    await remove('/admin/queues/low?now=true');
  });

  it('removes a named queue and all that is set for it, but no lane', async () => {
    const put = { lane: 'low', max_concurrent: 2, max_alive: 9, retention: { completed: 60 } };
    await app.send('PUT', '/admin/queues/reports', put, ADMIN);
    await later(2, { queue: 'reports' });
    const redis = new Redis(redisUrl());
    const kept = async () => [
      ...(await Promise.all(['queues', 'retention'].map((key) => redis.hexists(`{tr}:${key}`, 'reports')))),
      ...(await Promise.all(['admission', 'gates'].map((key) => redis.hexists(`{tr}:${key}`, 'q:reports')))),
    ];
    expect(await kept()).toEqual([1, 1, 1, 1]);
    const removed = await remove('/admin/queues/reports?delete=true');
    expect(removed.body).toMatchObject({ matched: 2, done: 2 });
    expect(await kept()).toEqual([0, 0, 0, 0]);
    await redis.quit();
    expect((await remove('/admin/queues/reports')).body).toMatchObject({ code: 'queue_not_found' });
    const lane = await remove('/admin/queues/low?delete=true');
    expect([lane.status, (lane.body as object as { code: string }).code]).toEqual([409, 'lane_is_permanent']);
  });

  it('is the same as POST /admin/operations', async () => {
    await later(3);
    const { body } = await app.post<OperationView>(
      '/admin/operations',
      { action: 'purge', filter: { queue: 'low' }, now: true },
      ADMIN,
    );
    await until(async () => (await look(body.operation_id)).ended_at !== undefined);
    expect(await look(body.operation_id)).toMatchObject({ state: 'done', matched: 3, done: 3 });
    const cancelled = await app.post(`/admin/operations/${body.operation_id}/cancel`, {}, ADMIN);
    expect(cancelled.status).toBe(409);
  });
});

describe('dead letters', () => {
  const list = async () => (await app.get<DeadLetterList>('/admin/dlq', ADMIN)).body.tasks;
  async function die(count: number): Promise<string[]> {
    target.answer = (_request, response) => response.writeHead(500).end('broken');
    const ids = await Promise.all(
      Array.from({ length: count }, () => app.enqueue({ url: target.url }, { max_retries: 0 })),
    );
    for (const id of ids) await app.taskIn('dead_letter', id);
    return ids;
  }

  it('are cleared with DELETE /admin/dlq, and that is undone', async () => {
    const ids = await die(3);
    const before = [await list(), await shown(ids)];
    expect((await remove('/admin/dlq?dry_run=true')).body).toMatchObject({ matched: 3, purged: 0 });
    const { body } = await remove('/admin/dlq');
    expect(body).toMatchObject({ message: '3 dead letters were purged', matched: 3, done: 3, state: 'done' });
    expect(await list()).toEqual([]);
    for (const id of ids) expect((await app.get(`/admin/dlq/${id}`, ADMIN)).status).toBe(404);
    expect((await app.get<{ dlq_size: number }>('/admin/queues', ADMIN)).body.dlq_size).toBe(0);
    expect((await scrape(app.url)).sum('taskqueue_dlq_size')).toBe(0);
    await undo(body.operation_id);
    await until(async () => (await look(body.operation_id)).state === 'undone');
    expect([await list(), await shown(ids)]).toEqual(before);
    const cleared = await remove('/admin/dlq?now=true');
    await until(async () => (await look(cleared.body.operation_id)).ended_at !== undefined);
    expect((await storedKeys()).filter((key) => ids.some((id) => key.includes(id)))).toEqual([]);
  });

  it('are retried at a rate, in the background', async () => {
    const ids = await die(4);
    target.answer = (_request, response) => response.end('ok');
    const { body } = await app.post<{ operation_id: string }>(
      '/admin/dlq/retry',
      { retry_all: true, rate: 4 },
      ADMIN,
    );
    await until(async () => (await look(body.operation_id)).ended_at !== undefined);
    expect(await look(body.operation_id)).toMatchObject({ action: 'retry', rate: 4, done: 4, matched: 4 });
    for (const id of ids) await app.taskIn('completed', id);
    const single = await app.post('/admin/dlq/retry', { task_id: ids[0], rate: 4 }, ADMIN);
    expect(single.status).toBe(400);
  });
});
