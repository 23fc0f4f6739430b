import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditList } from '../../src/admin/admin-audit.dto.js';
import type { CircuitList, CircuitView } from '../../src/admin/admin-circuits.dto.js';
import { TestApp } from '../support/test-app.js';

const KEY = { 'x-admin-key': 'correct-horse' };
const HOST = 'https://refused.example';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ADMIN_API_KEY: KEY['x-admin-key'] });
});
afterAll(async () => {
  await app.stop();
});

const ask = <T = CircuitView>(method: string, path: string, body?: object) =>
  app.send<T>(method, `/admin/circuits${path}`, body, KEY);
const path = (host: string, route = '') => `/${encodeURIComponent(host)}${route}`;
const open = async (host: string, body?: object) => (await ask('POST', path(host, '/open'), body)).body;

describe('a host in a path', () => {
  it.each([
    'https%3A%2F%2Fapi.example.com%3A443',
    'https%3A%2F%2FAPI.example.com.',
    'https:api.example.com',
    'api.example.com',
    'api.example.com:443',
    'https%3A%2F%2Fapi.example.com%2Fsome%2Fpath%3Fquery',
  ])('is the same as %s', async (text) => {
    await open('https://api.example.com', { reason: 'named in full' });
    const { status, body } = await ask('GET', `/${text}`);
    expect([status, body.host, body.reason]).toEqual([200, 'https://api.example.com', 'named in full']);
  });

  it('has another circuit with another scheme or port', async () => {
    await open('https://api.example.com');
    for (const text of ['http:api.example.com', 'api.example.com:80', 'api.example.com:8443'])
      expect((await ask('GET', `/${text}`)).body).toMatchObject({ state: 'closed' });
  });

  it('may be as long as names are', async () => {
    const host = `https://${'a234567890.'.repeat(22)}example.com:8443`;
    expect((await ask('GET', path(host))).body).toMatchObject({ host, state: 'closed' });
  });

  it.each(['*.example.com', 'ftp%3A%2F%2Fa.example', 'a%20b', '%2F'])('is none: %s', async (text) => {
    for (const [method, route] of [
      ['GET', ''],
      ['POST', '/open'],
      ['PUT', '/limits'],
    ] as const) {
      const answer = await ask(method, `/${text}${route}`, method === 'GET' ? undefined : {});
      expect(answer).toMatchObject({ status: 404, body: { code: 'host_not_found' } });
    }
  });
});

it.each([
  '/admin/circuits/https:kept.example/limits',
  '/admin/queues/kept',
  '/admin/tiers/kept',
  '/admin/clients/kept/destinations',
])('PUT %s without a body replaces nothing', async (route) => {
  const fault = { status: 400, body: { errors: [{ pointer: '', detail: 'must be a JSON object' }] } };
  expect(await app.send('PUT', route, undefined, KEY)).toMatchObject(fault);
});

describe('what is asked', () => {
  it('comes in pages', async () => {
    const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => `http://${name}.example`);
    for (const host of hosts) await open(host);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const page: CircuitList = (await ask<CircuitList>('GET', `?limit=2&state=open${query}`)).body;
      seen.push(...page.circuits.map(({ host }) => host));
      cursor = page.next_cursor;
    }
    // A host of another test may come after them.
    expect(seen.filter((host) => hosts.includes(host))).toEqual(hosts);
    expect((await ask<CircuitList>('GET', '?state=half_open')).body.circuits).toEqual([]);
  });

  it.each(['limit=0', 'state=broken', 'colour=red'])('is refused with ?%s', async (query) => {
    expect((await ask('GET', `?${query}`)).status).toBe(400);
  });

  it.each([
    [{ until: '2020-01-01T00:00:00Z' }, '/until'],
    [{ until: 'tomorrow' }, '/until'],
    [{ reason: 5 }, '/reason'],
    [{ reason: 'x'.repeat(501) }, '/reason'],
    [{ note: 'x' }, '/note'],
  ])('is refused: %j', async (body, pointer) => {
    const answer = await ask('POST', path(HOST, '/open'), body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    const { entries } = (await app.get<AuditList>(`/admin/audit?target=host:${HOST}`, KEY)).body;
    expect(entries).toEqual([]);
  });

  it.each([
    [
      { max_concurrent: 0, max_per_second: 'x', burst: 1.5, more: 1 },
      ['/burst', '/max_concurrent', '/max_per_second', '/more'],
    ],
    [{ burst: 2 }, ['/burst']],
  ])('is refused as limits: %j', async (body, pointers) => {
    const { status, body: problem } = await ask<{ errors: { pointer: string }[] }>(
      'PUT',
      path(HOST, '/limits'),
      body,
    );
    expect(status).toBe(400);
    expect(problem.errors.map(({ pointer }) => pointer).toSorted()).toEqual(pointers);
  });

  it('needs the admin key', async () => {
    for (const [method, route] of [
      ['GET', ''],
      ['POST', '/a.example/open'],
      ['DELETE', '/a.example/limits'],
    ])
      expect((await app.send(method!, `/admin/circuits${route}`)).status).toBe(401);
  });
});
