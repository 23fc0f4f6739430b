import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientListView, ClientView } from '../../src/admin/admin-clients.dto.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { nextCursor } from '../../src/http/cursor.js';
import { Receiver } from '../support/receiver.js';
import { Simultaneous } from '../support/simultaneous.js';
import { type Answer, TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ WORKER_CONCURRENCY: '20' }), Receiver.start()]);
});
beforeEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const set = (client_id: string, tier: string, enabled?: boolean) =>
  app.send<ClientView>('POST', '/admin/clients/set', { client_id, tier, enabled });
const enqueueFor = (client_id: string, count: number, fields: object = {}) =>
  Promise.all(
    Array.from({ length: count }, () => app.enqueue({ url: target.url }, { client_id, ...fields })),
  );
const completed = async (ids: readonly string[]) => {
  for (const id of ids) await app.taskIn('completed', id, 20_000);
};
const stateOf = async (id: string) => (await app.get<TaskView>(`/v1/tasks/${id}`)).body.state;

describe('a client', () => {
  it('on free never has two tasks running at once, over all lanes', async () => {
    await set('on-free', 'free');
    const watch = new Simultaneous(target);
    const ids = [
      ...(await enqueueFor('on-free', 6)),
      ...(await enqueueFor('on-free', 4, { queue: 'critical' })),
    ];
    await completed(ids);
    expect(watch.most).toBe(1);
    expect(target.received).toHaveLength(10);
  });

  it('that gets another tier runs more at once, of what is queued already too', async () => {
    await set('grows', 'free');
    const watch = new Simultaneous(target, 50);
    const ids = await enqueueFor('grows', 10);
    await target.gets(2);
    expect(watch.most).toBe(1);
    await set('grows', 'basic');
    ids.push(...(await enqueueFor('grows', 30)));
    await completed(ids);
    expect(watch.most).toBe(5);
  });

  it('for whom nothing was set has no limit', async () => {
    const watch = new Simultaneous(target, 200);
    await completed(await enqueueFor('unknown', 20));
    expect(watch.most).toBeGreaterThan(5);
  });

  it('that is disabled may not enqueue from the next request on, and may again when it is enabled', async () => {
    const enqueue = () =>
      app.post('/v1/enqueue', { client_id: 'off', task: { url: target.url }, delay: 3600 });
    await set('off', 'basic');
    expect((await enqueue()).status).toBe(202);
    await set('off', 'basic', false);
    expect(await enqueue()).toMatchObject({ status: 403, body: { code: 'client_disabled' } });
    await set('off', 'basic', true);
    expect((await enqueue()).status).toBe(202);
  });

  it('that is disabled while its tasks wait starts none of them any more', async () => {
    await set('stopped', 'free');
    new Simultaneous(target, 100);
    const ids = await enqueueFor('stopped', 5);
    await target.gets(1);
    await set('stopped', 'free', false);
    await app.taskIn('completed', ids[0]!);
    await completed(await enqueueFor('other', 3));
    expect(await Promise.all(ids.slice(1).map(stateOf))).toEqual(Array(4).fill('deferred'));
    await set('stopped', 'free', true);
    await completed(ids);
  });
});

describe('POST /admin/clients/set', () => {
  it('creates, changes and answers the client, with the numbers of its tier', async () => {
    const created = await set('new-one', 'premium', true);
    expect(created).toMatchObject({ status: 200 });
    expect(created.body).toEqual({
      client_id: 'new-one',
      tier: 'premium',
      enabled: true,
      requests_per_minute: 1000,
      max_concurrent: 20,
      registered_by: 'admin',
      created_at: created.body.created_at,
      updated_at: created.body.created_at,
    });
    const { body } = await set('new-one', 'enterprise', false);
    expect(body).toMatchObject({ tier: 'enterprise', requests_per_minute: 5000, max_concurrent: 50 });
    expect(body).toMatchObject({ enabled: false, created_at: created.body.created_at });
    expect((await app.get('/admin/clients/get?client_id=new-one')).body).toEqual(body);
  });

  it('leaves enabled as it was when it is not named; a new client is enabled', async () => {
    expect((await set('quiet', 'free')).body.enabled).toBe(true);
    await set('quiet', 'free', false);
    expect((await set('quiet', 'basic')).body).toMatchObject({ tier: 'basic', enabled: false });
  });

  it('refuses what breaks a rule, all of it at once', async () => {
    const body = { client_id: 'no', tier: 'Gold!', enabled: 'yes', colour: 'red' };
    const answer = await app.send<{ errors: { pointer: string }[] }>('POST', '/admin/clients/set', body);
    expect(answer.status).toBe(400);
    const pointers = answer.body.errors.map(({ pointer }) => pointer);
    expect(pointers.toSorted()).toEqual(['/client_id', '/colour', '/enabled', '/tier']);
  });
});

describe('GET /admin/clients', () => {
  it('shows all of them in pages, each once, in order', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `page-${String(n).padStart(2, '0')}`);
    await Promise.all(ids.map((id) => set(id, 'free')));
    const seen: string[] = [];
    let cursor: string | null = nextCursor('page');
    while (cursor !== null) {
      const { body }: Answer<ClientListView> = await app.get(`/admin/clients?limit=5&cursor=${cursor}`);
      expect(body.clients.length).toBeLessThanOrEqual(5);
      seen.push(...body.clients.map(({ client_id }) => client_id));
      cursor = body.next_cursor;
    }
    expect(seen.filter((id) => id.startsWith('page-'))).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each(['limit=0', 'limit=1001', 'limit=ten', 'cursor=*', 'page=2'])('refuses ?%s', async (query) => {
    expect(await app.get(`/admin/clients?${query}`)).toMatchObject({ status: 400 });
  });

  it('knows nothing of a client for whom nothing was set', async () => {
    expect(await app.get('/admin/clients/get?client_id=nobody')).toMatchObject({
      status: 404,
      body: { code: 'client_not_found' },
    });
    expect((await app.get('/admin/clients/get')).status).toBe(400);
  });
});
