import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ClientListView, ClientView } from '../../src/admin/admin-clients.dto.js';
import { Receiver } from '../support/receiver.js';
import { Simultaneous } from '../support/simultaneous.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  const settings = { UNKNOWN_CLIENT_TIER: 'free', CLIENTS_MAX: '20', WORKER_CONCURRENCY: '20' };
  [app, target] = await Promise.all([TestApp.start(settings), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const enqueue = (client_id: string, fields: object = {}) =>
  app.post('/v1/enqueue', { client_id, task: { url: target.url }, ...fields });
const client = async (id: string) => (await app.get<ClientView>(`/admin/clients/get?client_id=${id}`)).body;

it('a client that is new is free from its first task on', async () => {
  const watch = new Simultaneous(target);
  const answers = await Promise.all(Array.from({ length: 15 }, () => enqueue('newcomer')));
  const statuses = answers.map(({ status }) => status).toSorted();
  expect(statuses).toEqual([...Array<number>(10).fill(202), ...Array<number>(5).fill(429)]);
  await target.gets(10);
  expect(watch.most).toBe(1);
  expect(await client('newcomer')).toMatchObject({
    tier: 'free',
    enabled: true,
    requests_per_minute: 10,
    max_concurrent: 1,
    registered_by: 'itself',
  });
});

it('can be given another tier, and is of the admin then', async () => {
  await enqueue('promoted');
  await app.send('POST', '/admin/clients/set', { client_id: 'promoted', tier: 'basic' });
  expect(await client('promoted')).toMatchObject({ tier: 'basic', registered_by: 'admin' });
  for (let n = 0; n < 20; n++) expect((await enqueue('promoted', { delay: 60 })).status).toBe(202);
});

it('can be deleted, and comes back as new with its next task', async () => {
  await enqueue('returning');
  await target.gets(1);
  await expect.poll(async () => (await app.send('DELETE', '/admin/clients/returning')).status).toBe(204);
  expect((await app.get('/admin/clients/get?client_id=returning')).status).toBe(404);
  expect((await enqueue('returning')).status).toBe(202);
  expect(await client('returning')).toMatchObject({ tier: 'free', registered_by: 'itself' });
});

it('is kept while a task of it is alive, and deleting it is refused', async () => {
  await enqueue('waiting', { delay: 3600 });
  expect(await app.send('DELETE', '/admin/clients/waiting')).toMatchObject({
    status: 409,
    body: { code: 'client_has_tasks' },
  });
});

it('a request that is refused for its form registers nobody', async () => {
  const malformed = { client_id: 'malformed', task: { url: 'ftp://x' } };
  const key = { 'idempotency-key': 'malformed-1' };
  expect((await app.post('/v1/enqueue', malformed)).status).toBe(400);
  expect((await app.post('/v1/enqueue', malformed, key)).status).toBe(400);
  expect((await app.post('/v1/enqueue', { ...malformed, task_id: 't1' })).status).toBe(400);
  for (const atomic of [false, true]) {
    const tasks = [malformed, { ...malformed, client_id: 'sound', task: { url: target.url } }];
    expect((await app.post('/v1/enqueue/batch', { tasks, atomic }, key)).status).toBe(atomic ? 400 : 202);
  }
  expect((await app.get('/admin/clients/get?client_id=malformed')).status).toBe(404);
  expect((await app.get('/admin/clients/get?client_id=sound')).status).toBe(200);
});

it('a batch of a client that is new is held to the limit that it would get', async () => {
  const tasks = Array.from({ length: 11 }, () => ({ client_id: 'eager', task: { url: target.url } }));
  const refused = await app.post('/v1/enqueue/batch', { tasks });
  expect(refused).toMatchObject({ status: 422, body: { code: 'batch_too_large' } });
  expect((await app.get('/admin/clients/get?client_id=eager')).status).toBe(404);
  expect((await app.post('/v1/enqueue/batch', { tasks: tasks.slice(1) })).status).toBe(202);
});

it('as many are kept as may be; when all of them have tasks, a new one is told', async () => {
  for (let n = 0; n < 40; n++) {
    const { status } = await enqueue(`crowd-${n}`);
    expect(status).toBe(202);
    await target.gets(n + 1);
  }
  const listed = async () =>
    (await app.get<ClientListView>('/admin/clients?limit=1000')).body.clients.filter(
      ({ registered_by }) => registered_by === 'itself',
    );
  expect((await listed()).length).toBeLessThanOrEqual(20);
  let refused = await enqueue('busy-0', { delay: 3600 });
  for (let n = 1; n < 30 && refused.status === 202; n++)
    refused = await enqueue(`busy-${n}`, { delay: 3600 });
  expect(refused).toMatchObject({ status: 503, body: { code: 'too_many_clients' } });
  expect(refused.headers.get('retry-after')).toBe('60');
  expect((await listed()).length).toBe(20);
});
