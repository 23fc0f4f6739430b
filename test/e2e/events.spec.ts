import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../../src/admin/admin-keys.dto.js';
import { EventListener } from '../support/event-listener.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

let target: Receiver;
const apps: TestApp[] = [];
const listeners: EventListener[] = [];

beforeEach(async () => {
  target = await Receiver.start();
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.end();
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await target.stop();
});

async function start(environment: Record<string, string> = {}): Promise<TestApp> {
  const app = await TestApp.start(environment, apps.length > 0);
  apps.push(app);
  return app;
}

async function listen(
  app: TestApp,
  query = '',
  headers: Record<string, string> = {},
): Promise<EventListener> {
  const listener = await EventListener.to(`${app.url}/v1/events${query}`, headers);
  listeners.push(listener);
  return listener.ready();
}

const idsIn = (listener: EventListener, type: string) =>
  listener.of(type).map(({ data }) => data['task_id'] as string);

describe('events of tasks', () => {
  it('tell of one that had expired when it was to run at once', async () => {
    const app = await start({ MODE: 'api' });
    const listener = await listen(app);
    const id = await app.enqueue({ url: target.url }, { delay: 3600 });
    await inRedis((redis) => redis.hset(`{tr}:default:${id}`, 'expires', 1));
    expect((await app.post(`/v1/tasks/${id}/run`, {})).body['state']).toBe('expired');
    await listener.hears('task.expired');
    expect(idsIn(listener, 'task.expired')).toEqual([id]);
  });

  it('tell the life of a task in its order, across processes, and nothing of its call but the host', async () => {
    const api = await start({ MODE: 'api' });
    await start({ MODE: 'worker', WORKER_ID: 'w-1' });
    const listener = await listen(api);
    target.answer = (_request, response, nth) => {
      response.statusCode = nth === 1 ? 503 : 200;
      response.end('s3cret-answer');
    };
    const task = {
      url: `${target.url}/s3cret-path`,
      headers: { 'X-Key': 's3cret-header' },
      body: 's3cret-body',
    };
    const id = await api.enqueue(task, { queue: 'high' });
    await listener.hears('task.completed');
    const types = listener.types().filter((type) => type.startsWith('task.'));
    expect(types).toEqual([
      'task.submitted',
      'task.started',
      'task.failed',
      'task.retrying',
      'task.started',
      'task.completed',
    ]);
    const about = { task_id: id, client_id: 'test-client', queue: 'high', host: target.url };
    for (const { data } of listener.heard.filter(({ type }) => type.startsWith('task.'))) {
      expect(data).toMatchObject(about);
    }
    expect(listener.of('task.failed')[0]!.data).toMatchObject({
      attempt: 1,
      outcome: 'rejected',
      status: 503,
    });
    expect(listener.of('task.retrying')[0]!.data).toMatchObject({ retry_in_ms: 20 });
    expect(listener.of('task.completed')[0]!.data).toMatchObject({ attempt: 2, status: 200 });
    expect(JSON.stringify(listener.heard)).not.toContain('s3cret');
    const ids = listener.heard.slice(1).map((each) => each.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tell how tasks end without having run, and that the store says so by then', async () => {
    const app = await start();
    const listener = await listen(app);
    await app.send('POST', '/admin/queues/low/pause');
    const expiring = await app.enqueue({ url: target.url }, { queue: 'low', ttl: 1 });
    const cancelled = await app.enqueue({ url: target.url }, { delay: 3600 });
    await app.send('DELETE', `/v1/tasks/${cancelled}`);
    const dead = await app.enqueue({ url: 'http://127.0.0.1:1/' }, { max_retries: 0 });
    await listener.hears('task.dead_letter');
    expect(await app.get(`/v1/tasks/${dead}`)).toMatchObject({ body: { state: 'dead_letter' } });
    expect(listener.of('task.dead_letter')[0]!.data).toMatchObject({
      task_id: dead,
      outcome: 'not_sent',
      error: 'connect_failed',
      reason: 'attempts_exhausted',
    });
    await listener.hears('task.cancelled');
    expect(idsIn(listener, 'task.cancelled')).toEqual([cancelled]);
    await listener.hears('task.expired');
    expect(listener.of('task.expired')[0]!.data).toMatchObject({
      task_id: expiring,
      client_id: 'test-client',
      queue: 'low',
    });
  });

  it('of a running task that is cancelled tell so once, when it has ended', async () => {
    const app = await start();
    const listener = await listen(app);
    target.answer = () => undefined;
    const id = await app.enqueue({ url: target.url });
    await target.gets(1);
    expect((await app.send('DELETE', `/v1/tasks/${id}`)).status).toBe(202);
    await listener.hears('task.cancelled');
    await app.taskIn('cancelled', id);
    expect(idsIn(listener, 'task.cancelled')).toEqual([id]);
  });
});

it('events of workers and of hosts are told, too', async () => {
  const api = await start({ MODE: 'api' });
  const listener = await listen(api, '?kinds=worker.*,circuit.*');
  const worker = await start({
    MODE: 'worker',
    WORKER_ID: 'w-1',
    CB_FAILURE_THRESHOLD: '2',
    CB_TIMEOUT_SEC: '1',
  });
  await listener.hears('worker.joined');
  await api.send('POST', '/admin/workers/w-1/pause');
  await api.send('POST', '/admin/workers/w-1/resume');
  await listener.hears('worker.resumed');
  await Promise.all([1, 2, 3].map(() => api.enqueue({ url: 'http://127.0.0.1:1/' }, { max_retries: 0 })));
  await listener.hears('circuit.opened');
  expect(listener.of('circuit.opened')[0]!.data).toMatchObject({
    host: 'http://127.0.0.1:1',
    note: 'connect_failed',
  });
  await api.enqueue({ url: 'http://127.0.0.1:1/' });
  await listener.hears('circuit.half_open');
  apps.splice(apps.indexOf(worker), 1);
  await worker.stop();
  await listener.hears('worker.left');
  // The probe has failed, too, and the next one may have gone out.
  expect(listener.types().slice(1, 6)).toEqual([
    'worker.joined',
    'worker.paused',
    'worker.resumed',
    'circuit.opened',
    'circuit.half_open',
  ]);
  expect(listener.types().at(-1)).toBe('worker.left');
  expect(listener.of('worker.left')[0]!.data).toMatchObject({ worker_id: 'w-1', because: 'stopped' });
});

it('queue.depth and system.metrics are told now and then, by one process for all', async () => {
  const first = await start();
  await start({ MODE: 'api' });
  const listener = await listen(first, '?kinds=queue.depth,system.metrics');
  await first.enqueue({ url: target.url }, { delay: 3600 });
  const [, second] = await listener.hears('queue.depth', 2, 25_000);
  expect(second!.data).toMatchObject({ lanes: { default: { delayed: 1 }, critical: { wait: 0 } } });
  const [one] = await listener.hears('system.metrics');
  expect(one!.data).toMatchObject({ workers: { running: 1 }, slots: 10 });
  const [a, b] = listener.of('queue.depth').map(({ id }) => Number(id.split('-')[0]));
  expect(b! - a!).toBeGreaterThan(3000);
});

describe('a listener', () => {
  it('hears what it asked for only', async () => {
    const app = await start();
    const [completed, mine, low] = await Promise.all([
      listen(app, '?kinds=task.completed'),
      listen(app, '?client_id=me-too'),
      listen(app, '?queue=low&kinds=task.submitted'),
    ]);
    const other = await app.enqueue({ url: target.url });
    const own = await app.enqueue({ url: target.url }, { client_id: 'me-too', queue: 'low' });
    await Promise.all([
      completed.hears('task.completed', 2),
      mine.hears('task.completed'),
      low.hears('task.submitted'),
    ]);
    expect(new Set(completed.types())).toEqual(new Set(['ready', 'task.completed']));
    expect(new Set(idsIn(completed, 'task.completed'))).toEqual(new Set([other, own]));
    expect(new Set(mine.heard.slice(1).map(({ data }) => data['task_id']))).toEqual(new Set([own]));
    expect(idsIn(low, 'task.submitted')).toEqual([own]);
    const wrong = await app.get('/v1/events?kinds=task.done');
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/kinds' }] } });
  });

  it('that comes back hears what it has missed, at another process, too, and nothing twice', async () => {
    const [one, other] = [await start(), await start({ MODE: 'api' })];
    const first = await listen(one, '?kinds=task.submitted');
    const ids = [await one.enqueue({ url: target.url })];
    const [heard] = await first.hears('task.submitted');
    first.end();
    for (let n = 0; n < 700; n += 100) {
      ids.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, () => one.enqueue({ url: target.url }, { delay: 600 })),
        )),
      );
    }
    const second = await listen(other, '?kinds=task.submitted', { 'last-event-id': heard!.id });
    ids.push(await one.enqueue({ url: target.url }));
    await second.hears('task.submitted', 701);
    expect(idsIn(second, 'task.submitted').toSorted()).toEqual(ids.slice(1).toSorted());
    expect(second.types()).not.toContain('gap');
  });

  it('that was away for too long is told that it has missed something', async () => {
    const app = await start();
    const first = await listen(app);
    await app.enqueue({ url: target.url });
    const [heard] = await first.hears('task.submitted');
    await inRedis((redis) => redis.del('{tr}:events'));
    await app.enqueue({ url: target.url });
    await first.hears('task.submitted', 2);
    const second = await listen(app, `?last_event_id=${heard!.id}`);
    expect(second.of('gap')[0]!.data).toMatchObject({ reason: 'trimmed' });
    expect(second.of('task.submitted')).toHaveLength(1);
  });

  it('is told that nothing was noted while nobody listened', async () => {
    const app = await start();
    const first = await listen(app);
    await app.enqueue({ url: target.url });
    const [heard] = await first.hears('task.submitted');
    first.end();
    // As five minutes later.
    await inRedis((redis) => redis.del('{tr}:events:wanted'));
    await until(async () => {
      await app.enqueue({ url: target.url }, { delay: 600 });
      const before = await inRedis((redis) => redis.xlen('{tr}:events'));
      await app.enqueue({ url: target.url }, { delay: 600 });
      await new Promise((resolve) => setTimeout(resolve, 60));
      return before === (await inRedis((redis) => redis.xlen('{tr}:events')));
    });
    const second = await listen(app, '?kinds=task.submitted', { 'last-event-id': heard!.id });
    await second.hears('gap');
    expect(second.of('gap')[0]!.data).toMatchObject({ reason: 'nobody_listened' });
  });

  it('goes on after an event only that there can be, and is no page of another origin', async () => {
    const app = await start({ MODE: 'api', ALLOWED_ORIGINS: 'https://ops.example.com' });
    const get = (headers: Record<string, string>) => app.get('/v1/events', headers);
    expect(await get({ 'last-event-id': 'zz' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_last_event_id' },
    });
    await listen(app, '', { 'last-event-id': '' });
    for (const headers of [{ origin: 'https://evil.example.com' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await get(headers)).toMatchObject({ status: 403, body: { code: 'cross_origin' } });
    await listen(app, '', { origin: 'https://ops.example.com' });
    await listen(app, '', { origin: app.url });
  });

  it('is one of so many at most', async () => {
    const app = await start({ EVENTS_MAX_LISTENERS: '2' });
    const [first] = [await listen(app), await listen(app)];
    const refused = await app.get('/v1/events');
    expect(refused).toMatchObject({ status: 503, body: { code: 'too_many_listeners' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    first.end();
    await until(async () => {
      const again = await EventListener.to(`${app.url}/v1/events`);
      listeners.push(again);
      return again.response.statusCode === 200;
    });
  });

  it('is told when the process is stopped', async () => {
    const app = await start();
    const listener = await listen(app);
    apps.pop();
    expect(await app.stop()).toBe(true);
    await until(() => listener.isOver);
    expect(listener.heard.at(-1)).toMatchObject({ type: 'error', data: { code: 'shutting_down' } });
  });
});

it('nothing is written while nobody listens', async () => {
  const app = await start();
  const id = await app.enqueue({ url: target.url });
  await app.taskIn('completed', id);
  expect(await inRedis((redis) => redis.exists('{tr}:events', '{tr}:events:wanted'))).toBe(0);
});

describe('who may listen', () => {
  const KEYS = { MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: 'correct-horse' };
  const asAdmin = { 'x-admin-key': 'correct-horse' };

  async function keyOf(app: TestApp, client: string): Promise<{ 'x-api-key': string }> {
    await app.send('POST', '/admin/clients/set', { client_id: client, tier: 'enterprise' }, asAdmin);
    const path = `/admin/clients/${client}/keys`;
    const created = await app.send<CreatedKey & { key: string }>('POST', path, {}, asAdmin);
    return { 'x-api-key': created.body.key };
  }

  it('a client hears of its own tasks and of nothing else, an admin of everything', async () => {
    const app = await start(KEYS);
    const [one, other] = [await keyOf(app, 'client-1'), await keyOf(app, 'client-2')];
    const [own, all] = [await listen(app, '?client_id=client-1', one), await listen(app, '', asAdmin)];
    const sneaky = await listen(app, '?client_id=client-1', other);
    const task = { task: { url: 'http://example.com/' }, delay: 60 };
    await app.post('/v1/enqueue', task, other);
    await app.post('/v1/enqueue', task, one);
    await Promise.all([own.hears('task.submitted'), all.hears('task.submitted', 2)]);
    await all.hears('queue.depth', 1, 15_000);
    expect(own.of('task.submitted').map(({ data }) => data['client_id'])).toEqual(['client-1']);
    expect(own.types()).toEqual(['ready', 'task.submitted']);
    expect(sneaky.types()).toEqual(['ready']);
  });

  it('nobody without a key, with a wrong one or a ticket that was used', async () => {
    const app = await start(KEYS);
    const key = await keyOf(app, 'client-1');
    expect((await app.get('/v1/events')).status).toBe(401);
    expect((await app.get('/v1/events', { 'x-api-key': 'wrong' })).status).toBe(401);
    expect((await app.post('/v1/events/ticket', {})).status).toBe(401);
    const { body, status } = await app.post<{ ticket: string }>('/v1/events/ticket', {}, key);
    expect(status).toBe(201);
    const own = await listen(app, `?ticket=${body.ticket}`);
    expect(own.types()).toEqual(['ready']);
    const again = await app.get(`/v1/events?ticket=${body.ticket}`);
    expect(again).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } });
    const stored = await inRedis(async (redis) => JSON.stringify(await redis.keys('*')));
    expect(stored).not.toContain(body.ticket);
  });

  it('nobody with an admin key that is wrong, also where none is asked for or set', async () => {
    const open = await start({ MODE: 'api' });
    for (const path of ['/v1/events', '/v1/tasks'])
      expect(await open.get(path, { 'x-admin-key': 'wrong' })).toMatchObject({
        status: 401,
        body: { code: 'admin_key_required' },
      });
    await listen(open);
  });

  it('one client leaves places to others, and all clients leave some to admins', async () => {
    const app = await start({ ...KEYS, EVENTS_MAX_LISTENERS: '6' });
    const [one, other] = [await keyOf(app, 'client-1'), await keyOf(app, 'client-2')];
    const refused = { status: 503, body: { code: 'too_many_listeners' } };
    for (let n = 0; n < 3; n++) await listen(app, '', one);
    expect(await app.get('/v1/events', one)).toMatchObject(refused);
    for (let n = 0; n < 2; n++) await listen(app, '', other);
    expect(await app.get('/v1/events', other)).toMatchObject(refused);
    await listen(app, '', asAdmin);
    expect(await app.get('/v1/events', asAdmin)).toMatchObject(refused);
  });

  it('in open mode whoever has no key, only where the admin API is open, too', async () => {
    const closed = await start({ MODE: 'api', ADMIN_API_KEY: 'correct-horse' });
    expect((await closed.get('/v1/events')).status).toBe(401);
    await listen(closed, '', asAdmin);
  });
});
