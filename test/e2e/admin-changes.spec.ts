import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntryView, AuditList } from '../../src/admin/admin-audit.dto.js';
import type { CreatedKey, KeyList } from '../../src/admin/admin-keys.dto.js';
import type { ClientView } from '../../src/admin/admin-clients.dto.js';
import type { ListedTier, TierView } from '../../src/admin/admin-tiers.dto.js';
import { type Answer, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const KEY = { 'x-admin-key': 'correct-horse' };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ADMIN_API_KEY: KEY['x-admin-key'] });
});
afterAll(async () => {
  await app.stop();
});

const ask = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
) => app.send<T>(method, `/admin/${path}`, body, { ...KEY, ...headers });
const set = (fields: object, headers = {}) => ask<ClientView>('POST', 'clients/set', fields, headers);
const audit = async (query = '') => (await ask<AuditList>('GET', `audit${query}`)).body;
const etag = ({ headers }: Answer<unknown>) => headers.get('etag') ?? '';

describe('a client', () => {
  it('has limits of its own instead of those of its tier, until they are taken away', async () => {
    const own = await set({
      client_id: 'own-limits',
      tier: 'basic',
      requests_per_minute: 7,
      max_concurrent: 3,
      max_alive: 500,
    });
    expect(own.body).toMatchObject({
      requests_per_minute: 7,
      max_concurrent: 3,
      max_alive: 500,
      overrides: { requests_per_minute: 7, max_concurrent: 3 },
    });
    const kept = await set({ client_id: 'own-limits', tier: 'premium', requests_per_minute: null });
    expect(kept.body).toMatchObject({
      requests_per_minute: 1000,
      max_concurrent: 3,
      max_alive: 500,
      overrides: { max_concurrent: 3 },
    });
    const { body } = await set({ client_id: 'own-limits', max_concurrent: null, max_alive: null });
    expect(body).toMatchObject({ tier: 'premium', requests_per_minute: 1000, max_concurrent: 20 });
    expect(body).not.toHaveProperty('overrides');
    expect(body).not.toHaveProperty('max_alive');
  });

  it('that is new is free; one with a tier that is not there is refused', async () => {
    expect((await set({ client_id: 'plain' })).body).toMatchObject({ tier: 'free', enabled: true });
    const refused = await set({ client_id: 'golden', tier: 'gold' });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/tier' }] } });
    expect((await ask('GET', 'clients/get?client_id=golden')).status).toBe(404);
  });

  it('is deleted by either route, once', async () => {
    for (const client_id of ['gone-1', 'gone-2']) await set({ client_id });
    expect((await ask('DELETE', 'clients/gone-1')).status).toBe(204);
    expect((await ask('POST', 'clients/delete', { client_id: 'gone-2' })).status).toBe(204);
    for (const client_id of ['gone-1', 'gone-2']) {
      expect((await ask('GET', `clients/get?client_id=${client_id}`)).status).toBe(404);
      expect(await ask('DELETE', `clients/${client_id}`)).toMatchObject({
        status: 404,
        body: { code: 'client_not_found' },
      });
    }
    const listed = (await ask<{ clients: ClientView[] }>('GET', 'clients?limit=1000')).body.clients;
    expect(listed.map(({ client_id }) => client_id)).not.toContain('gone-1');
  });
});

describe('If-None-Match: *', () => {
  const NEW = { 'if-none-match': '*' };

  it('creates a client, a tier, a queue and the destinations of a client, and changes none', async () => {
    const tier = { requests_per_minute: 1, max_concurrent: 1 };
    for (const [method, path, body] of [
      ['POST', 'clients/set', { client_id: 'only-new' }],
      ['PUT', 'tiers/only-new', tier],
      ['PUT', 'queues/only-new', { lane: 'low' }],
      ['PUT', 'clients/only-new/destinations', { deny: ['a.example'] }],
    ] as const) {
      expect((await ask(method, path, body, NEW)).status, path).toBe(200);
      expect(await ask(method, path, body, NEW), path).toMatchObject({
        status: 412,
        body: { code: 'precondition_failed' },
      });
    }
    expect((await ask('PUT', 'tiers/free', tier, NEW)).status).toBe(412);
  });
});

describe('If-Match on the keys of a client', () => {
  it('lets who has looked make and revoke keys, though they are used meanwhile', async () => {
    await set({ client_id: 'keyed' });
    const list = () => ask<KeyList>('GET', 'clients/keyed/keys');
    const none = { 'if-match': etag(await list()) };
    const { body: made } = await ask<CreatedKey>('POST', 'clients/keyed/keys', {}, none);
    expect((await ask('POST', 'clients/keyed/keys', {}, none)).status).toBe(412);
    const one = { 'if-match': etag(await list()) };
    expect(one).not.toEqual(none);
    await app.post(
      '/v1/enqueue',
      { task: { url: 'http://127.0.0.1:1/' }, delay: 60 },
      { 'x-api-key': made.key },
    );
    await until(async () => (await list()).body.keys[0]?.last_used_at !== undefined);
    expect((await ask('DELETE', `clients/keyed/keys/${made.key_id}`, undefined, none)).status).toBe(412);
    expect((await list()).body.keys).toHaveLength(1);
    expect((await ask('DELETE', `clients/keyed/keys/${made.key_id}`, undefined, one)).status).toBe(204);
  });
});

describe('what operators write', () => {
  it.each(['a\u0007b', 'a\nb', '\u001b[31mred', 'x\u007f', 'x\u0085', '\u0000'])(
    'is text without control characters: %j',
    async (text) => {
      await set({ client_id: 'texts' });
      for (const [path, body, pointer] of [
        ['clients/texts/keys', { name: text }, '/name'],
        ['queues/low/pause', { reason: text }, '/reason'],
      ] as const)
        expect(await ask('POST', path, body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    },
  );

  it('may be anything else', async () => {
    await set({ client_id: 'texts' });
    expect((await ask('POST', 'clients/texts/keys', { name: 'Zoë’s 🔑 <b>' })).status).toBe(201);
  });
});

describe('a tier', () => {
  it('cannot be called as no tier is', async () => {
    const tier = { requests_per_minute: 1, max_concurrent: 1 };
    expect(await ask('PUT', 'tiers/none', tier)).toMatchObject({
      status: 400,
      body: { code: 'invalid_tier_name' },
    });
  });
});

describe('If-Match', () => {
  it('lets the first of two admins change a client, and tells the second', async () => {
    const created = await set({ client_id: 'contested' });
    const read = await ask('GET', 'clients/get?client_id=contested');
    expect(etag(read)).toBe(etag(created));
    const first = await set({ client_id: 'contested', tier: 'basic' }, { 'if-match': etag(read) });
    expect(first.status).toBe(200);
    const second = await set({ client_id: 'contested', enabled: false }, { 'if-match': etag(read) });
    expect(second).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect((await ask('DELETE', 'clients/contested', undefined, { 'if-match': etag(read) })).status).toBe(
      412,
    );
    expect((await ask('GET', 'clients/get?client_id=contested')).body).toEqual(first.body);
    expect((await set({ client_id: 'not-there' }, { 'if-match': '*' })).status).toBe(412);
    expect((await set({ client_id: 'contested', tier: 'free' })).status).toBe(200);
  });

  it('notices that the tier of a client has changed', async () => {
    await ask('PUT', 'tiers/moving', { requests_per_minute: 1, max_concurrent: 1 });
    const before = await set({ client_id: 'moved', tier: 'moving' });
    await ask('PUT', 'tiers/moving', { requests_per_minute: 2, max_concurrent: 1 });
    const refused = await set({ client_id: 'moved', enabled: false }, { 'if-match': etag(before) });
    expect(refused.status).toBe(412);
  });

  it('holds for tiers and queues, too', async () => {
    const limits = { requests_per_minute: 5, max_concurrent: 1 };
    for (const [path, body, other] of [
      ['tiers/twice', limits, { ...limits, max_concurrent: 2 }],
      ['queues/twice', { lane: 'low' }, { lane: 'high' }],
      ['queues/low', {}, { max_concurrent: 5 }],
    ] as const) {
      const put = await ask('PUT', path, body);
      const got = await ask('GET', path);
      expect(got).toMatchObject({ status: 200, body: put.body });
      expect(etag(got), path).toBe(etag(put));
      expect((await ask('PUT', path, other, { 'if-match': etag(got) })).status).toBe(200);
      expect((await ask('PUT', path, body, { 'if-match': etag(got) })).status).toBe(412);
      expect((await ask('GET', path)).body).toMatchObject(other);
    }
    const paused = await ask('POST', 'queues/twice/pause', {}, { 'if-match': '"none"' });
    expect(paused.status).toBe(412);
    expect((await ask('DELETE', 'tiers/twice', undefined, { 'if-match': '"none"' })).status).toBe(412);
  });
});

describe('a tier', () => {
  const put = (name: string, body: object) => ask<TierView>('PUT', `tiers/${name}`, body);

  it('is created, given to clients, changed for them and deleted when nobody has it', async () => {
    const created = await put('gold', { requests_per_minute: 50, max_concurrent: null });
    expect(created).toMatchObject({
      status: 200,
      body: { name: 'gold', requests_per_minute: 50, max_concurrent: null, built_in: false },
    });
    const client = (await set({ client_id: 'rich', tier: 'gold' })).body;
    expect(client).toMatchObject({ requests_per_minute: 50 });
    expect(client).not.toHaveProperty('max_concurrent');
    await put('gold', { requests_per_minute: 60, max_concurrent: 6 });
    expect((await ask('GET', 'clients/get?client_id=rich')).body).toMatchObject({
      requests_per_minute: 60,
      max_concurrent: 6,
    });
    expect(await ask('DELETE', 'tiers/gold')).toMatchObject({ status: 409, body: { code: 'tier_in_use' } });
    await set({ client_id: 'rich', tier: 'free' });
    expect((await ask('DELETE', 'tiers/gold')).status).toBe(204);
    expect((await ask('GET', 'tiers/gold')).status).toBe(404);
    expect((await ask('DELETE', 'tiers/gold')).status).toBe(404);
  });

  it('that is built in is listed as it comes, and again after it was changed and deleted', async () => {
    const list = async () => (await ask<{ tiers: ListedTier[] }>('GET', 'tiers')).body.tiers;
    const shown = (await list()).map((tier) => [tier.name, tier.requests_per_minute, tier.max_concurrent]);
    expect(shown.slice(0, 4)).toEqual([
      ['free', 10, 1],
      ['basic', 100, 5],
      ['premium', 1000, 20],
      ['enterprise', 5000, 50],
    ]);
    await put('enterprise', { requests_per_minute: null, max_concurrent: 500 });
    await set({ client_id: 'large', tier: 'enterprise' });
    expect((await list())[3]).toMatchObject({
      max_concurrent: 500,
      built_in: true,
      clients: 1,
      applied: true,
    });
    expect((await ask('DELETE', 'tiers/enterprise')).status).toBe(204);
    expect((await ask('GET', 'clients/get?client_id=large')).body).toMatchObject({ max_concurrent: 50 });
  });

  it.each([
    ['half', { requests_per_minute: 5 }, ['/max_concurrent']],
    ['none', {}, ['/max_concurrent', '/requests_per_minute']],
    [
      'odd',
      { requests_per_minute: 0, max_concurrent: '1', colour: 1 },
      ['/colour', '/max_concurrent', '/requests_per_minute'],
    ],
  ])('%s is refused', async (name, body, pointers) => {
    const answer = await ask<{ errors: { pointer: string }[] }>('PUT', `tiers/${name}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer }) => pointer).toSorted()).toEqual(pointers);
  });

  it.each(['Gold', '-a', 'a'.repeat(33), 'constructor%2F', '%20'])('cannot be called %s', async (name) => {
    const answer = await put(name, { requests_per_minute: 1, max_concurrent: 1 });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_tier_name' } });
  });

  it('may be called like a member of every object', async () => {
    expect((await set({ client_id: 'tricky', tier: 'constructor' })).status).toBe(400);
    expect((await ask('GET', 'tiers/constructor')).status).toBe(404);
    expect((await put('constructor', { requests_per_minute: 1, max_concurrent: 1 })).status).toBe(200);
    expect((await ask('DELETE', 'tiers/constructor')).status).toBe(204);
  });
});

describe('the audit log', () => {
  it('has who changed what, before and after, with the id of the request', async () => {
    const from = new Date(Date.now() - 1).toISOString();
    const id = { 'x-request-id': 'told-in-the-log' };
    await set({ client_id: 'watched', tier: 'basic' }, id);
    await set({ client_id: 'watched', enabled: false });
    await ask('DELETE', 'clients/watched');
    await ask('PUT', 'tiers/watched', { requests_per_minute: 5, max_concurrent: 5 });
    await ask('DELETE', 'tiers/watched');
    await ask('PUT', 'queues/watched', { lane: 'low' });
    await ask('POST', 'queues/watched/pause', { reason: 'to see' });
    await ask('POST', 'queues/watched/resume');
    const { entries } = await audit(`?made_after=${from}`);
    expect(entries.map(({ action, target }) => `${action} ${target}`)).toEqual([
      'queue.resume queue:watched',
      'queue.pause queue:watched',
      'queue.put queue:watched',
      'tier.delete tier:watched',
      'tier.put tier:watched',
      'client.delete client:watched',
      'client.set client:watched',
      'client.set client:watched',
    ]);
    const [deleted, disabled, created] = entries.slice(5) as [AuditEntryView, AuditEntryView, AuditEntryView];
    expect(created).toMatchObject({ request_id: 'told-in-the-log', by: { address: '127.0.0.1' } });
    expect(created.by.key).toMatch(/^[0-9a-f]{12}$/);
    expect(created).not.toHaveProperty('before');
    expect(created.after).toMatchObject({ tier: 'basic', enabled: true, registered_by: 'admin' });
    expect(created.after).toHaveProperty('created_at', expect.stringMatching(/^\d{4}-.*Z$/));
    expect(disabled.before).toMatchObject({ enabled: true });
    expect(disabled.after).toMatchObject({ enabled: false });
    expect(disabled.after).not.toHaveProperty('tier');
    expect(deleted).not.toHaveProperty('after');
    expect(JSON.stringify(entries)).not.toContain(KEY['x-admin-key']);
  });

  it('has no line about what was refused', async () => {
    const before = await audit('?limit=1');
    await set({ client_id: 'refused', tier: 'no-such' });
    await set({ client_id: 'refused' }, { 'if-match': '"none"' });
    await ask('DELETE', 'clients/refused');
    await ask('DELETE', 'tiers/refused');
    await ask('POST', 'queues/refused/pause');
    expect(await audit('?limit=1')).toEqual(before);
  });

  it('is read in pages, by action, target and time', async () => {
    for (let n = 0; n < 7; n++) await set({ client_id: 'paged', max_alive: n + 1 });
    const seen: AuditEntryView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: AuditList = await audit(
        `?limit=3&action=client.set&target=client:paged${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.entries.length).toBeLessThanOrEqual(3);
      seen.push(...page.entries);
      cursor = page.next_cursor;
    }
    expect(seen.map(({ after }) => (after as { max_alive: number }).max_alive)).toEqual([
      7, 6, 5, 4, 3, 2, 1,
    ]);
    expect((await audit('?action=tier&target=client:paged')).entries).toEqual([]);
    expect((await audit('?action=client&target=client:paged')).entries).toHaveLength(7);
    expect((await audit(`?target=client:paged&made_before=${seen[2]!.at}`)).entries.length).toBeLessThan(5);
    expect((await audit('?made_after=2100-01-01T00:00:00Z')).entries).toEqual([]);
  });

  it('is found by each name of a host and of a queue', async () => {
    await ask('POST', 'circuits/https:audited.example.com/reset');
    await ask('POST', 'circuits/https:audited.example.com/open', { reason: 'it moves' });
    await ask('POST', 'queues/normal/pause', { reason: 'month end' });
    await ask('POST', 'queues/default/resume');
    for (const host of [
      'https://audited.example.com',
      'AUDITED.example.com',
      'https:audited.example.com:443',
    ])
      expect(
        (await audit(`?action=circuit&target=host:${encodeURIComponent(host)}`)).entries,
        host,
      ).toHaveLength(1);
    const [ofNormal, ofDefault] = [await audit('?target=queue:normal'), await audit('?target=queue:default')];
    expect(ofNormal.entries).toEqual(ofDefault.entries);
    expect(ofNormal.entries.length).toBeGreaterThan(0);
  });

  it('knows of no change before 1970, and of all after it', async () => {
    for (const time of ['1970-01-01T00:00:00Z', '1969-07-20T20:17:40Z', '0001-01-01T00:00:00Z']) {
      const asked = (bound: string) => ask<AuditList>('GET', `audit?limit=1&${bound}=${time}`);
      expect(await asked('made_before')).toMatchObject({
        status: 200,
        body: { entries: [], next_cursor: null },
      });
      expect((await asked('made_after')).body.entries).toHaveLength(1);
    }
  });

  it.each([
    'limit=0',
    'cursor=x',
    'cursor=0-0',
    'made_after=yesterday',
    'after=2026-01-01T00:00:00Z',
    'action=A',
    'colour=red',
  ])('refuses ?%s', async (query) => {
    expect((await ask('GET', `audit?${query}`)).status).toBe(400);
  });
});
