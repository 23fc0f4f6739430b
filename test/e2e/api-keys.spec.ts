import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey, KeyList } from '../../src/admin/admin-keys.dto.js';
import type { BatchAnswer } from '../../src/enqueue/batch.dto.js';
import type { Problem } from '../../src/http/problem.js';
import { hashOfKey, newApiKey } from '../../src/clients/api-key.js';
import { rawRequest } from '../support/raw-request.js';
import { routesOf } from '../support/routes.js';
import { redisUrl, storedKeys, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const ADMIN = { 'x-admin-key': 'correct-horse' };
const TASK = { url: 'http://127.0.0.1:1/' };
const LATER = { delay: 3600, task: TASK };

let app: TestApp;
/** Another process on the same Redis. */
let other: TestApp;
beforeAll(async () => {
  const settings = { MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN['x-admin-key'] };
  app = await TestApp.start(settings);
  other = await TestApp.start(settings, true);
});
afterAll(async () => {
  await Promise.all([app.stop(), other.stop()]);
});

const admin = <T = Record<string, unknown>>(method: string, path: string, body?: object) =>
  app.send<T>(method, `/admin/${path}`, body, ADMIN);
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const enqueue = (key: string, fields: object = {}, at = app) =>
  at.post('/v1/enqueue', { ...LATER, ...fields }, bearer(key));

async function makeKey(clientId: string, body?: object): Promise<CreatedKey> {
  await admin('POST', 'clients/set', { client_id: clientId, tier: 'enterprise' });
  const created = await admin<CreatedKey>('POST', `clients/${clientId}/keys`, body);
  expect(created.status).toBe(201);
  return created.body;
}

/** Everything that Redis holds, as text. */
async function everythingStored(): Promise<string> {
  const redis = new Redis(redisUrl());
  const texts = await Promise.all(
    (await storedKeys()).map(async (key) => {
      const type = await redis.type(key);
      if (type === 'hash') return JSON.stringify(await redis.hgetall(key));
      if (type === 'stream') return JSON.stringify(await redis.xrange(key, '-', '+'));
      return type === 'string' ? ((await redis.get(key)) ?? '') : '';
    }),
  );
  await redis.quit();
  return texts.join('\n');
}

describe('an API key', () => {
  it('is shown once, and neither listed nor stored nor written into the audit log', async () => {
    const { key, ...shown } = await makeKey('once', { name: 'ci', expires_at: '2100-01-01T00:00:00Z' });
    expect(shown).toMatchObject({ client_id: 'once', name: 'ci', expires_at: '2100-01-01T00:00:00.000Z' });
    expect(key.startsWith(shown.prefix)).toBe(true);
    const list = await admin<KeyList>('GET', 'clients/once/keys');
    expect(list.body.keys).toMatchObject([{ key_id: shown.key_id, prefix: shown.prefix, name: 'ci' }]);
    const { body: log } = await admin('GET', 'audit?target=client:once');
    expect(JSON.stringify(log)).toContain(shown.key_id);
    for (const text of [JSON.stringify(list.body), JSON.stringify(log), await everythingStored()])
      expect(text).not.toContain(key.slice(12));
    // The hash is nobody's business, either.
    expect(JSON.stringify([list.body, log])).not.toMatch(/[0-9a-f]{64}/);
  });

  it('is not to be kept by caches', async () => {
    await admin('POST', 'clients/set', { client_id: 'uncached' });
    const { headers } = await admin('POST', 'clients/uncached/keys');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('opens the door in any of three headers, for its client, which need not be named', async () => {
    const { key } = await makeKey('opens');
    for (const headers of [bearer(key), { 'x-api-key': key }, { 'x-client-key': key }]) {
      const answer = await app.post('/v1/enqueue', LATER, headers);
      expect(answer).toMatchObject({ status: 202, body: { client_id: 'opens' } });
    }
    expect(await enqueue(key, { client_id: 'opens', task_id: 't1' })).toMatchObject({
      status: 202,
      body: { task_id: 'opens.t1' },
    });
    const two = { ...bearer(key), 'x-api-key': (await makeKey('another')).key };
    const refused = await app.post('/v1/enqueue', LATER, two);
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
    expect(refused.body['detail']).toContain('different keys');
  });

  it('does not act for another client', async () => {
    const { key } = await makeKey('acts');
    await makeKey('victim');
    expect(await enqueue(key, { client_id: 'victim' })).toMatchObject({
      status: 403,
      body: { code: 'client_mismatch' },
    });
  });

  it('is one of several, up to ten', async () => {
    const keys = [await makeKey('several')];
    for (let n = 1; n < 10; n++) keys.push(await makeKey('several'));
    for (const { key } of keys) expect((await enqueue(key)).status).toBe(202);
    expect(await admin('POST', 'clients/several/keys')).toMatchObject({
      status: 409,
      body: { code: 'too_many_keys' },
    });
    await admin('DELETE', `clients/several/keys/${keys[0]!.key_id}`);
    expect((await admin('POST', 'clients/several/keys')).status).toBe(201);
    expect((await enqueue(keys[0]!.key)).status).toBe(401);
    expect((await enqueue(keys[1]!.key)).status).toBe(202);
  });

  it('opens nothing any more when its time is over', async () => {
    const expires_at = new Date(Date.now() + 1500).toISOString();
    const { key } = await makeKey('brief', { expires_at });
    expect((await enqueue(key)).status).toBe(202);
    await until(async () => (await enqueue(key)).status === 401);
    expect((await app.get('/v1/tasks/none', bearer(key))).status).toBe(401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at));
    const past = await admin('POST', 'clients/brief/keys', { expires_at: '2020-01-01T00:00:00Z' });
    expect(past).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expires_at' }] } });
  });

  it('has no name with half a surrogate pair', async () => {
    await makeKey('named');
    expect(await admin('POST', 'clients/named/keys', { name: 'x\ud800' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/name' }] },
    });
  });

  it('tells when it was last used, about', async () => {
    const used = await makeKey('used');
    await makeKey('used', { name: 'never' });
    await enqueue(used.key);
    const list = () => admin<KeyList>('GET', 'clients/used/keys');
    await until(async () => (await list()).body.keys[0]?.last_used_at !== undefined);
    expect((await list()).body.keys[1]).not.toHaveProperty('last_used_at');
  });

  it('costs no look into Redis of its own when a task is enqueued', async () => {
    const { key } = await makeKey('frugal');
    await enqueue(key);
    const redis = new Redis(redisUrl());
    const calls = async () => {
      const stats = await redis.info('commandstats');
      return ['hget', 'hmget', 'get', 'evalsha'].map((command) =>
        Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
      );
    };
    // The scripts' own commands count, too: as many for each task as without a key.
    const open = await TestApp.start({ MODE: 'api' }, true);
    const callsFor = async (send: () => Promise<unknown>) => {
      await send();
      const before = await calls();
      for (let n = 0; n < 20; n++) await send();
      const after = await calls();
      return after.map((count, at) => count - before[at]!);
    };
    const without = await callsFor(() => open.post('/v1/enqueue', { ...LATER, client_id: 'frugal' }));
    // Whoever counts the fleet now and then does so meanwhile.
    await until(async () => String(await callsFor(() => enqueue(key))) === String(without));
    await redis.quit();
    await open.stop();
  });
});

describe('a key that was revoked, at a process that remembers it', () => {
  const FAULTY = [{ queue: 'no-such-queue' }, { client_id: 'somebody-else' }, { unknown: 1 }, { task: {} }];

  it('is told nothing of the request, and is one of the wrong keys that are counted', async () => {
    const remembering = await TestApp.start(
      { MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN['x-admin-key'] },
      true,
    );
    // What is known of a key is forgotten with its first refusal.
    const ids = Array.from({ length: 12 }, (_, n) => `revoked-${n}`);
    const keys = await Promise.all(ids.map((id) => makeKey(id)));
    const kept = await makeKey('kept');
    for (const { key } of [kept, ...keys]) expect((await enqueue(key, {}, remembering)).status).toBe(202);
    for (const { client_id, key_id } of keys) await admin('DELETE', `clients/${client_id}/keys/${key_id}`);
    const statuses = [];
    for (const [n, { key }] of keys.entries()) {
      const fault = FAULTY[n % FAULTY.length];
      statuses.push((await enqueue(key, fault, remembering)).status);
      expect([400, 403]).toContain((await enqueue(kept.key, fault, remembering)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    await remembering.stop();
  });

  it('opens no batch', async () => {
    const { key, key_id } = await makeKey('batching');
    const send = () => other.post('/v1/enqueue/batch', { tasks: [LATER, { queue: 'nowhere' }] }, bearer(key));
    expect((await send()).status).toBe(202);
    await admin('DELETE', `clients/batching/keys/${key_id}`);
    expect(await send()).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
  });
});

describe('a batch of the admin', () => {
  const batch = (client_ids: readonly string[], atomic: boolean) => {
    const tasks = client_ids.map((client_id) => ({ client_id, ...LATER }));
    return app.post<BatchAnswer & Problem>('/v1/enqueue/batch', { tasks, atomic }, ADMIN);
  };

  it('is told which of its tasks are of nobody', async () => {
    await makeKey('somebody');
    const pointer = '/tasks/1/client_id';
    const refused = { code: 'unknown_client', errors: [{ pointer }] };
    const { status, body } = await batch(['somebody', 'nobody'], false);
    expect([status, body.results]).toMatchObject([202, [{ status: 'enqueued' }, { error: refused }]]);
    expect(await batch(['somebody', 'nobody'], true)).toMatchObject({ status: 400, body: refused });
    expect((await batch(['nobody'], false)).body.results).toMatchObject([
      { error: { code: 'unknown_client', errors: [{ pointer: '/tasks/0/client_id' }] } },
    ]);
  });
});

describe('what opens nothing', () => {
  it('no key at all is told what to do', async () => {
    for (const headers of [{}, { authorization: 'Basic dXNlcjpwYXNz' }]) {
      const answer = await app.post('/v1/enqueue', { client_id: 'opens', ...LATER }, headers);
      expect(answer).toMatchObject({ status: 401, body: { code: 'api_key_required' } });
      expect(answer.body['detail']).toContain('POST /admin/clients/{id}/keys');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="task-runner"');
    }
  });

  it('no key at all, on every route of clients', async () => {
    const routes = routesOf(app).filter(({ path }) => path.startsWith('/v1'));
    expect(routes).toContainEqual({ method: 'POST', path: '/v1/enqueue/batch' });
    for (const { method, path } of routes) {
      const answer = await app.send(method, path.replaceAll(/:\w+/g, 'opens.t1'));
      expect(answer.status, `${method} ${path}`).toBe(401);
    }
    expect((await app.get('/openapi.json')).status).toBe(200);
    expect((await app.get('/health')).status).toBe(200);
  });

  it('a typo is told from a key that nobody has, and ten of them are enough', async () => {
    const guesser = await TestApp.start(
      { MODE: 'api', AUTH_MODE: 'key', ADMIN_API_KEY: ADMIN['x-admin-key'] },
      true,
    );
    const { key } = await makeKey('patient');
    expect((await enqueue(key, {}, guesser)).status).toBe(202);
    const typo = await enqueue(key.slice(0, -1), {}, guesser);
    expect(typo).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
    expect(typo.headers.get('www-authenticate')).toContain('error="invalid_token"');
    const unknown = await enqueue(newApiKey(), {}, guesser);
    expect(unknown).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
    expect(unknown.body['detail']).not.toBe(typo.body['detail']);
    const statuses = [];
    for (let n = 0; n < 10; n++) statuses.push((await enqueue(newApiKey(), {}, guesser)).status);
    expect(statuses).toEqual([...Array<number>(8).fill(401), 429, 429]);
    const throttled = await enqueue('nonsense', {}, guesser);
    expect(throttled).toMatchObject({ status: 429, body: { code: 'too_many_wrong_keys' } });
    expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0);
    // Whoever has a key that was used here is let in all the same.
    expect((await enqueue(key, {}, guesser)).status).toBe(202);
    expect((await guesser.get('/v1/tasks/none', bearer(key))).status).toBe(404);
    await guesser.stop();
  });
});

describe('a key that is right', () => {
  it('opens the door also where somebody goes on with a wrong one, and the wrong one costs one look', async () => {
    const elsewhere = await TestApp.start({ MODE: 'api', AUTH_MODE: 'key' }, true);
    const { key, key_id } = await makeKey('renews');
    await admin('DELETE', `clients/renews/keys/${key_id}`);
    const statuses = new Set<number>();
    const redis = new Redis(redisUrl());
    const looks = async () =>
      Number(/cmdstat_hget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    await enqueue(key, {}, elsewhere);
    const before = await looks();
    for (let n = 0; n < 700; n++) statuses.add((await enqueue(key, {}, elsewhere)).status);
    expect(statuses).toEqual(new Set([401, 429]));
    expect((await looks()) - before).toBeLessThan(100);
    await redis.quit();
    expect((await enqueue((await makeKey('renews')).key, {}, elsewhere)).status).toBe(202);
    await elsewhere.stop();
  });

  it('is looked up for who guesses, until that keeps the store busy', async () => {
    const guesser = await TestApp.start({ MODE: 'api', AUTH_MODE: 'key' }, true);
    const { key } = await makeKey('guessed');
    for (let n = 0; n < 600; n++) await guesser.get('/v1/tasks/none', bearer(newApiKey()));
    expect((await guesser.get('/v1/tasks/none', bearer(key))).status).toBe(429);
    await guesser.stop();
  });
});

describe('whoever has no key', () => {
  it.each(['/v1/enqueue/batch', '/admin/clients/set'])(
    'is told so before the body comes: %s',
    async (path) => {
      const answer = await rawRequest(
        app.url,
        `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 401 /);
      const waiting = `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n`;
      expect(await rawRequest(app.url, waiting)).toMatch(/^HTTP\/1\.1 401 /);
    },
  );
});

describe('at once, in another process, too', () => {
  const statuses = async (key: string) => [
    // First what only looks: storing a task is how a process hears of changes.
    (await other.get('/v1/tasks/none', bearer(key))).status,
    (await enqueue(key, {}, other)).status,
    (await enqueue(key, {}, app)).status,
  ];

  it('a revoked key opens nothing any more', async () => {
    const { key, key_id } = await makeKey('revoked');
    expect(await statuses(key)).toEqual([404, 202, 202]);
    expect((await admin('DELETE', `clients/revoked/keys/${key_id}`)).status).toBe(204);
    expect(await statuses(key)).toEqual([401, 401, 401]);
    expect(await everythingStored()).not.toContain(hashOfKey(key));
    expect(await admin('DELETE', `clients/revoked/keys/${key_id}`)).toMatchObject({
      status: 404,
      body: { code: 'key_not_found' },
    });
  });

  it('a disabled client is refused, and let in again when it is enabled', async () => {
    const { key } = await makeKey('disabled');
    const set = (enabled: boolean) => admin('POST', 'clients/set', { client_id: 'disabled', enabled });
    expect(await statuses(key)).toEqual([404, 202, 202]);
    await set(false);
    expect(await statuses(key)).toEqual([403, 403, 403]);
    await set(true);
    expect(await statuses(key)).toEqual([404, 202, 202]);
  });

  it('the keys of a deleted client open nothing, also when it comes back', async () => {
    const { key } = await makeKey('deleted');
    expect((await other.get('/v1/tasks/none', bearer(key))).status).toBe(404);
    expect((await admin('DELETE', 'clients/deleted')).status).toBe(204);
    expect(await statuses(key)).toEqual([401, 401, 401]);
    await makeKey('deleted');
    expect(await statuses(key)).toEqual([401, 401, 401]);
  });
});

describe('the admin key', () => {
  it('acts for every client that there is', async () => {
    await makeKey('managed');
    const send = (client_id?: string) => app.post('/v1/enqueue', { client_id, ...LATER }, ADMIN);
    const { status, body } = await send('managed');
    expect(status).toBe(202);
    expect((await app.get(`/v1/tasks/${String(body['task_id'])}`, ADMIN)).status).toBe(200);
    expect(await send('no-client')).toMatchObject({ status: 400, body: { code: 'unknown_client' } });
    expect(await send()).toMatchObject({ status: 400, body: { errors: [{ pointer: '/client_id' }] } });
    expect((await app.get('/v1/tasks/none', { 'x-admin-key': 'wrong' })).status).toBe(401);
  });
});

describe('keys of clients that are not there', () => {
  it('are neither made nor listed nor revoked', async () => {
    for (const [method, path] of [
      ['POST', 'clients/nobody/keys'],
      ['GET', 'clients/nobody/keys'],
      ['DELETE', 'clients/nobody/keys/0123456789ab'],
    ] as const) {
      expect(await admin(method, path)).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
    }
  });
});

describe('AUTH_MODE', () => {
  it('is key in production, and open otherwise or when it says so', async () => {
    for (const [environment, status] of [
      [{ NODE_ENV: 'production' }, 401],
      [{ NODE_ENV: 'production', AUTH_MODE: 'open' }, 202],
      [{}, 202],
      [{ AUTH_MODE: 'key' }, 401],
    ] as const) {
      const each = await TestApp.start({ MODE: 'api', ...environment }, true);
      expect((await each.post('/v1/enqueue', { client_id: 'opens', ...LATER })).status).toBe(status);
      await each.stop();
    }
  });

  it('open asks for no key, but one that is sent must be right, and acts for its client only', async () => {
    const { key } = await makeKey('in-open-mode');
    const open = await TestApp.start({ MODE: 'api', AUTH_MODE: 'open' }, true);
    expect((await open.post('/v1/enqueue', { client_id: 'anybody', ...LATER })).status).toBe(202);
    expect((await enqueue(newApiKey(), { client_id: 'anybody' }, open)).status).toBe(401);
    expect((await open.get('/v1/tasks/none', bearer(newApiKey()))).status).toBe(401);
    expect(await enqueue(key, {}, open)).toMatchObject({ status: 202, body: { client_id: 'in-open-mode' } });
    expect((await enqueue(key, { client_id: 'anybody' }, open)).status).toBe(403);
    expect(await open.post('/v1/enqueue', LATER)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/client_id' }] },
    });
    await open.stop();
  });
});
