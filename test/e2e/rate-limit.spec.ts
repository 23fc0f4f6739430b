import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import { type Product, startProduct } from '../support/product.js';
import { packed } from '../support/packed.js';
import { redisUrl } from '../support/test-app.js';

const WINDOW_MS = 60_000;

let redis: Redis;
let apis: Product[];
beforeAll(async () => {
  redis = new Redis(redisUrl());
  await redis.flushdb();
  const start = () => startProduct({ MODE: 'api', REDIS_URL: redisUrl(), LOG_LEVEL: 'info' });
  apis = await Promise.all([start(), start()]);
});
afterAll(async () => {
  for (const { child, ended } of apis) {
    child.kill('SIGTERM');
    await ended;
  }
  await redis.quit();
});

const post = async (path: string, body: object, nth = 0) => {
  const response = await fetch(`${apis[nth % apis.length]!.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as object };
};
const enqueue = (client_id: string, nth = 0, fields: object = {}) =>
  post('/v1/enqueue', { client_id, task: { url: 'http://target.example/' }, ...fields }, nth);
const set = (client_id: string, tier: string, enabled = true) =>
  post('/admin/clients/set', { client_id, tier, enabled });

const alive = async (client: string) => Number(await redis.hget('{tr}:alive', `c:${client}`));

/** Moves the entries of the window of a client into the past, which nobody but a test may do. */
const AGE = `
local entries = redis.call('LRANGE', KEYS[1], 0, -1)
for i, entry in ipairs(entries) do
  local at, count, counted, age = cmsgpack.unpack(entry)
  if at > 0 then redis.call('LSET', KEYS[1], i - 1, cmsgpack.pack(at - ARGV[1], count, counted, age)) end
end`;
const age = (client: string, ms: number) => redis.eval(AGE, 1, `{tr}:rate:${client}`, ms);

describe('50 requests at once over two processes, of a client on free', () => {
  it('are 10 accepted and 40 refused, in any 60 seconds', async () => {
    await set('burst', 'free');
    const burst = () => Promise.all(Array.from({ length: 50 }, (_, n) => enqueue('burst', n)));
    const answers = await burst();
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect([accepted.length, refused.length]).toEqual([10, 40]);
    const left = accepted.map(({ headers }) => Number(/r=(\d+)/.exec(headers.get('ratelimit')!)![1]));
    expect(left.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { headers, body } of refused) {
      expect(body).toMatchObject({ code: 'rate_limited' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(50);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(headers.get('ratelimit')).toMatch(/^"client";r=0;t=\d+$/);
      expect(headers.get('ratelimit-policy')).toBe('"client";q=10;w=60');
    }
    // A minute less a little later, and then all of it.
    await age('burst', WINDOW_MS - 5000);
    expect((await burst()).filter(({ status }) => status === 202)).toEqual([]);
    await age('burst', 5000);
    expect((await burst()).filter(({ status }) => status === 202)).toHaveLength(10);
    expect(await alive('burst')).toBe(20);
  });

  it('count for nobody else, and nothing that was refused for its body counts', async () => {
    await set('one', 'free');
    await set('two', 'free');
    const wrong = await Promise.all(Array.from({ length: 20 }, (_, n) => enqueue('one', n, { delay: 'x' })));
    expect(new Set(wrong.map(({ status }) => status))).toEqual(new Set([400]));
    const answers = await Promise.all(
      ['one', 'two'].flatMap((client) => Array.from({ length: 12 }, (_, n) => enqueue(client, n))),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
  });
});

describe('a change of a client', () => {
  it('holds from the next request on, in the process that did not make it', async () => {
    await set('changing', 'free');
    for (let n = 0; n < 10; n++) expect((await enqueue('changing', n)).status).toBe(202);
    expect((await enqueue('changing', 1)).status).toBe(429);
    await set('changing', 'basic');
    const { status, headers } = await enqueue('changing', 1);
    expect([status, headers.get('ratelimit-policy')]).toEqual([202, '"client";q=100;w=60']);
    expect(headers.get('ratelimit')).toMatch(/^"client";r=89;t=\d+$/);
    await set('changing', 'basic', false);
    expect(await enqueue('changing', 1)).toMatchObject({ status: 403, body: { code: 'client_disabled' } });
    await set('changing', 'free');
    const refused = await enqueue('changing', 1);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('ratelimit')).toMatch(/^"client";r=0;t=/);
  });

  it('while it is used by both loses and doubles nothing', async () => {
    await set('busy', 'enterprise');
    const changes = (async () => {
      for (let n = 0; n < 40; n++) await set('busy', n % 2 === 0 ? 'enterprise' : 'premium');
    })();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => enqueue('busy', n)));
    await changes;
    const accepted = answers.filter(({ status }) => status === 202);
    const others = answers.filter(({ status }) => status !== 202);
    expect(new Set(others.map(({ body }) => (body as { code: string }).code))).toEqual(
      new Set(others.length > 0 ? ['client_changing'] : []),
    );
    expect(await alive('busy')).toBe(accepted.length);
    process.stdout.write(`rate-limit: ${accepted.length} of 200 accepted while the client was changed\n`);
  });
});

describe('the bound on requests per second of one sender', () => {
  it('is kept to over both processes, and an answer says when to try again', async () => {
    const full = Date.now() + 60_000;
    for (const at of [0, 1]) {
      // A period, at 1,000 requests per second.
      const period = Math.floor(Date.now() / 2000) + at;
      await redis.hset(`{tr}:ingress:${period}`, 'flooder', packed(full));
    }
    const answer = await enqueue('flooder');
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await enqueue('somebody-else')).status).toBe(202);
    expect(await alive('flooder')).toBe(0);
  });
});
