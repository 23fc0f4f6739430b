import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { TestApp } from '../support/test-app.js';

const DASHBOARD = 'https://ops.example.com';

let app: TestApp;
let port: string;
let id: string;

beforeAll(async () => {
  app = await TestApp.start({
    MODE: 'api',
    ADMIN_AUTH: 'none',
    ALLOWED_ORIGINS: `${DASHBOARD},http://localhost:3000`,
  });
  port = new URL(app.url).port;
  id = await app.enqueue({ url: 'http://localhost/' }, { delay: '1h' });
});
afterAll(async () => {
  await app.stop();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: Partial<Problem>;
}

/** What a browser sends for a page, which `fetch` of Node will not do. */
function send(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(app.url + path, { method, headers: { host: `localhost:${port}`, ...headers } }, (response) => {
      const { statusCode: status, headers } = response;
      const body = json(response).catch(() => ({})) as Promise<Partial<Problem>>;
      void body.then((body) => {
        resolve({ status, headers, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

const pause = (headers: Record<string, string>) => send('POST', '/admin/queues/default/pause', headers);
const resume = () => send('POST', '/admin/queues/default/resume', {});

async function isPaused(): Promise<boolean> {
  const { body } = await app.get<{ queues: { name: string; state: string }[] }>('/admin/queues');
  return body.queues.find(({ name }) => name === 'default')?.state === 'paused';
}

describe('a page of another origin', () => {
  it.each([
    ['a browser of today', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['one that tells no origin', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { origin: 'http://localhost:8000', 'sec-fetch-site': 'same-site' }],
    ['another name of the site', { 'sec-fetch-site': 'same-site' }],
    ['an older browser', { origin: 'https://evil.example' }],
    ['a sandbox', { origin: 'null' }],
    ['an origin that begins like ours', { origin: 'http://localhost.evil.example' }],
    ['our port on another host', { origin: 'http://evil.example:8080' }],
    ['two origins', { origin: `${DASHBOARD}, https://evil.example` }],
    ['an allowed origin on another port', { origin: `${DASHBOARD}:8443`, 'sec-fetch-site': 'cross-site' }],
    ['an allowed origin without TLS', { origin: 'http://ops.example.com', 'sec-fetch-site': 'cross-site' }],
  ])('pauses no queue, in %s', async (_what, headers) => {
    const { status, body } = await pause(headers);
    expect([status, body.code]).toEqual([403, 'cross_origin']);
    expect(body.detail).toMatch(/ALLOWED_ORIGINS/);
    expect(await isPaused()).toBe(false);
  });

  it.each([
    ['POST', '/admin/queues/default/resume'],
    ['POST', '/v1/tasks/:id/run'],
    ['POST', '/v1/tasks/:id/retry'],
    ['DELETE', '/v1/tasks/:id'],
    ['PATCH', '/v1/tasks/:id'],
    ['PUT', '/admin/queues/mine'],
    ['POST', '/v1/enqueue'],
    ['POST', '/nowhere'],
  ])('does not get to %s %s', async (method, path) => {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(await send(method, path.replace(':id', id), headers)).toMatchObject({
      status: 403,
      body: { code: 'cross_origin' },
    });
    expect((await app.get(`/v1/tasks/${id}`)).body['state']).toBe('scheduled');
  });

  it('may follow a link here, and is told nothing that it could read', async () => {
    const { status, headers } = await send('GET', '/version', {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    });
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('requests that are no page of another origin', () => {
  it.each([
    ['curl and SDKs', {}],
    [
      'the pages that this server serves',
      { origin: 'http://localhost:PORT', 'sec-fetch-site': 'same-origin' },
    ],
    [
      'the same behind a proxy with another name',
      { origin: 'https://q.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['an older browser', { origin: 'http://LOCALHOST:PORT' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['an origin that is allowed', { origin: DASHBOARD, 'sec-fetch-site': 'cross-site' }],
    ['another one', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
  ])('are served: %s', async (_what, headers) => {
    const given = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]);
    expect((await pause(Object.fromEntries(given) as Record<string, string>)).status).toBe(200);
    expect(await isPaused()).toBe(true);
    await resume();
  });
});

describe('an origin that is allowed', () => {
  it('may ask beforehand, and read the answer', async () => {
    const preflight = await send('OPTIONS', '/admin/queues/mine', {
      origin: DASHBOARD,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type,x-admin-key',
    });
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': DASHBOARD },
    });
    expect(preflight.headers['access-control-allow-methods']).toMatch(/\bPUT\b/);
    expect(preflight.headers['access-control-allow-headers']).toMatch(/x-admin-key/);
    const read = await send('GET', '/version', { origin: DASHBOARD });
    expect(read.headers['access-control-allow-origin']).toBe(DASHBOARD);
    expect(read.headers['access-control-expose-headers']).toMatch(/retry-after/i);
    expect(read.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('is the only one that may', async () => {
    const preflight = await send('OPTIONS', '/admin/queues/mine', {
      origin: 'https://evil.example',
      'access-control-request-method': 'PUT',
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });
});
