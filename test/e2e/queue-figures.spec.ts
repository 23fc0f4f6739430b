import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { QueueDetailView, QueueList } from '../../src/admin/queue-figures.dto.js';
import { nextCursor } from '../../src/http/cursor.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  const worker = { WORKER_CONCURRENCY: '4', WORKER_ID: 'worker-of-test', WORKER_HEARTBEAT_SEC: '1' };
  [app, target] = await Promise.all([TestApp.start({ MAX_RETRY: '0', ...worker }), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const put = (name: string, body: object) => app.send('PUT', `/admin/queues/${name}`, body);
const queue = async (name: string) => app.get<QueueDetailView>(`/admin/queues/${name}`);
const list = async (query = '') => (await app.get<QueueList>(`/admin/queues${query}`)).body;
const enqueue = (name: string, fields: object = {}) =>
  app.enqueue({ url: target.url }, { queue: name, ...fields });

it('tells how many tasks of a queue are in which state, what came and went, and since when the oldest waits', async () => {
  await put('counted', { lane: 'high' });
  await app.taskIn('completed', await enqueue('counted'));
  target.answer = (_request, response) => response.writeHead(500).end();
  await app.taskIn('dead_letter', await enqueue('counted'));
  await enqueue('counted', { delay: '1h' });
  await app.send('POST', '/admin/queues/counted/pause');
  const before = Date.now();
  await enqueue('counted');
  const { body } = await queue('counted');
  expect(body).toMatchObject({
    ...{ name: 'counted', lane: 'high', state: 'paused', workers: [] },
    depth: { dead_letter: 1, scheduled: 1, deferred: 1, pending: 0, running: 0, retrying: 0 },
    ...{ in_per_minute: 4, out_per_minute: 2 },
  });
  expect(Date.parse(body.oldest_due_at!)).toBeGreaterThanOrEqual(before - 1000);
  expect(body.oldest_age).toBeGreaterThanOrEqual(0);
});

it('names the workers that run its tasks, and tells how many serve all queues', async () => {
  await put('slow', { lane: 'low' });
  const held: (() => void)[] = [];
  target.answer = (_request, response) => held.push(() => response.end());
  const id = await enqueue('slow');
  await until(async () => (await queue('slow')).body.workers.length > 0);
  const { body } = await queue('slow');
  expect(body).toMatchObject({
    workers: [{ worker_id: 'worker-of-test', running: 1 }],
    depth: { running: 1, pending: 0 },
  });
  expect(await list()).toMatchObject({
    workers: { running: 1, held: 0, slots: 4 },
    queue_depths: { critical: 0, high: 0, default: 0, low: 0 },
    ...{ total_pending: 0, dlq_size: 1 },
  });
  for (const release of held) release();
  await app.taskIn('completed', id);
});

it('has an ETag that is the same while nothing else is set', async () => {
  await put('tagged', { lane: 'low' });
  const etag = async () => (await queue('tagged')).headers.get('etag');
  const before = await etag();
  await app.taskIn('completed', await enqueue('tagged'));
  expect(await etag()).toBe(before);
  const headers = { 'if-match': before! };
  expect(await app.send('POST', '/admin/queues/tagged/pause', {}, headers)).toMatchObject({ status: 200 });
  expect(await etag()).not.toBe(before);
});

it('lists queues page by page', async () => {
  for (const name of ['page-a', 'page-b', 'page-c']) await put(name, { lane: 'low' });
  const all = (await list()).queues.map(({ name }) => name);
  const paged: string[] = [];
  for (let cursor = ''; ;) {
    const page = await list(`?limit=2${cursor}`);
    expect(page.queues.length).toBeLessThanOrEqual(2);
    paged.push(...page.queues.map(({ name }) => name));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(paged).toEqual(all);
  expect((await list(`?cursor=${nextCursor('page-aa')!}`)).queues[0]).toMatchObject({ name: 'page-b' });
  expect(await app.get('/admin/queues?limit=0')).toMatchObject({ status: 400 });
});
