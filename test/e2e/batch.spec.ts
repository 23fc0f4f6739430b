import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from 'ioredis';
import type { BatchAnswer } from '../../src/enqueue/batch.dto.js';
import type { Problem } from '../../src/http/problem.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';

let app: TestApp;
let target: Receiver;
let redis: Redis;
beforeAll(async () => {
  const settings = { MAX_REQUEST_BYTES: '20000', MAX_BATCH_BYTES: '1000000', INGRESS_RPS: '0' };
  [app, target] = await Promise.all([TestApp.start(settings), Receiver.start()]);
  redis = new Redis(redisUrl());
});
afterEach(() => {
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
  await redis.quit();
});

type Results = BatchAnswer & Problem;
type Result = Partial<Record<'status' | 'task_id' | 'client_id', string>> & { error?: Problem };

const task = (fields: object = {}) => ({ client_id: 'shop', task: { url: target.url }, ...fields });
const later = (fields: object = {}) => task({ delay: 3600, ...fields });
const many = (count: number, of: object = later()) => Array.from({ length: count }, () => of);
const batch = (tasks: unknown, fields: object = {}, headers: Record<string, string> = {}) =>
  app.post<Results>('/v1/enqueue/batch', { tasks, ...fields }, headers);
const resultsOf = (answer: { body: Results }) => answer.body.results as Result[];
const codes = (answer: { body: Results }) =>
  resultsOf(answer).map(({ status, error }) => error?.code ?? status);
const alive = async (client: string) => Number(await redis.hget('{tr}:alive', `c:${client}`));
const set = (client_id: string, tier: string, enabled = true) =>
  app.send('POST', '/admin/clients/set', { client_id, tier, enabled });

describe('a batch', () => {
  it('of 1,000 tasks is stored with one request, each has its result, and all run', async () => {
    const tasks = Array.from({ length: 1000 }, (_, n) =>
      task({ task_id: `n-${n}`, metadata: { n: `${n}` } }),
    );
    const answer = await batch(tasks);
    expect(answer.status).toBe(202);
    const expected = tasks.map((_, n) => ({ status: 'enqueued', task_id: `shop.n-${n}`, queue: 'default' }));
    expect(resultsOf(answer)).toMatchObject(expected);
    await target.gets(1000, 30_000);
    expect(new Set(target.received.map(({ headers }) => headers['x-task-id'])).size).toBe(1000);
  });

  it('judges each of its tasks as it would be judged by itself', async () => {
    await set('disabled', 'free', false);
    const answer = await batch([
      later(),
      later({ queue: 'nowhere', delay: -1 }),
      'no task at all',
      later({ unknown: 1, client_id: '?' }),
      later({ client_id: 'disabled' }),
      later({ task_id: 'twice' }),
      later({ task_id: 'twice', queue: 'low' }),
    ]);
    expect(answer.status).toBe(202);
    const invalid = 'invalid_request';
    const expected = ['enqueued', invalid, invalid, invalid, 'client_disabled', 'enqueued', 'enqueued'];
    expect(codes(answer)).toEqual(expected);
    const pointers = resultsOf(answer).map(({ error }) => error?.errors?.map(({ pointer }) => pointer));
    expect(pointers[1]).toEqual(['/tasks/1/queue', '/tasks/1/delay']);
    expect(pointers[2]).toEqual(['/tasks/2']);
    expect(pointers[3]?.toSorted()).toEqual(['/tasks/3/client_id', '/tasks/3/unknown']);
    const [, , , , refused, one, other] = resultsOf(answer);
    expect(refused?.error).toMatchObject({ status: 403, request_id: answer.headers.get('x-request-id') });
    expect(other).toEqual(one);
  });

  it('has the same rules for each of its tasks as a single request', async () => {
    const wrong = [later({ delay: 'soon' }), later({ task: {} }), later({ retry: { jitter: 7 } }), {}];
    for (const each of wrong) {
      const alone = await app.post<Problem>('/v1/enqueue', each);
      const [result] = resultsOf(await batch([each]));
      expect(result?.error?.errors?.length).toBeGreaterThan(0);
      expect(
        result?.error?.errors?.map(({ pointer, detail }) => ({
          pointer: pointer.slice('/tasks/0'.length),
          detail,
        })),
      ).toEqual(alone.body.errors);
    }
  });

  it.each([
    [{}, '/tasks'],
    [{ tasks: [] }, '/tasks'],
    [{ tasks: 'x' }, '/tasks'],
    [{ tasks: [{}], atomic: 'yes' }, '/atomic'],
    [{ tasks: [{}], other: 1 }, '/other'],
    [{ tasks: Array(1001).fill({}) }, '/tasks'],
  ])('that is none is refused: %#', async (body, pointer) => {
    const answer = await app.post<Problem>('/v1/enqueue/batch', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer }] } });
  });

  it('may be larger than a single request, but none of its tasks may', async () => {
    const large = later({ task: { url: target.url, body: 'x'.repeat(19_000) } });
    const tooLarge = later({ task: { url: target.url, body: 'x'.repeat(20_000) } });
    expect(codes(await batch([large, ...many(20, large), tooLarge, large]))).toEqual([
      ...Array<string>(21).fill('enqueued'),
      'payload_too_large',
      'enqueued',
    ]);
    expect(await batch(many(60, large))).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    expect(await app.post('/v1/enqueue', tooLarge)).toMatchObject({ status: 413 });
  });
});

describe('a task of a batch that is refused', () => {
  it('is named by its place, in the text, too', async () => {
    const answer = await batch([
      later(),
      null,
      later({ delay: 'x' }),
      later({ task: { url: target.url, body: 'x'.repeat(20_000) } }),
    ]);
    const [, missing, wrong, large] = resultsOf(answer).map(({ error }) => error);
    expect(missing).toMatchObject({
      detail: '/tasks/1 must be a JSON object',
      errors: [{ pointer: '/tasks/1' }],
    });
    expect(wrong?.detail).toMatch(/^\/tasks\/2\/delay /);
    expect(wrong).toMatchObject({ errors: [{ pointer: '/tasks/2/delay' }] });
    expect(large).toMatchObject({ code: 'payload_too_large', errors: [{ pointer: '/tasks/3' }] });
  });

  it('is named by its place when its idempotency key was used for another one', async () => {
    const key = { 'idempotency-key': 'named-by-place' };
    await batch([later(), later()], {}, key);
    const [, reused] = resultsOf(await batch([later(), later({ delay: 200 })], {}, key));
    expect(reused?.error).toMatchObject({
      code: 'idempotency_key_reused',
      errors: [{ pointer: '/tasks/1' }],
    });
  });
});

describe('the limits of a client', () => {
  it('count a batch as so many requests, and take what fits', async () => {
    await set('free-one', 'free');
    const of = (count: number) => many(count, later({ client_id: 'free-one' }));
    expect(codes(await batch(of(7)))).toEqual(Array(7).fill('enqueued'));
    const answer = await batch(of(5));
    expect(codes(answer)).toEqual(['enqueued', 'enqueued', 'enqueued', 'rate_limited', 'rate_limited']);
    expect(answer.headers.get('ratelimit')).toMatch(/^"client";r=0;t=\d+$/);
    expect(answer.headers.get('ratelimit-policy')).toBe('"client";q=10;w=60');
  });

  it('refuse as a whole what could never fit, and know of a limit that was raised', async () => {
    await set('free-two', 'free');
    const of = (count: number) => many(count, later({ client_id: 'free-two' }));
    for (const atomic of [true, false])
      expect(await batch(of(11), { atomic })).toMatchObject({
        status: 422,
        body: { code: 'batch_too_large' },
      });
    expect(await alive('free-two')).toBe(0);
    await set('free-two', 'basic');
    expect((await batch(of(11), { atomic: true })).status).toBe(202);
  });

  it('refuse those of its tasks that could never fit, and none of another client', async () => {
    await set('free-four', 'free');
    const tasks = [...many(11, later({ client_id: 'free-four' })), later({ client_id: 'guest' })];
    expect(codes(await batch(tasks))).toEqual([...Array<string>(11).fill('batch_too_large'), 'enqueued']);
    const atomic = await batch(tasks, { atomic: true });
    expect(atomic).toMatchObject({
      status: 422,
      body: { code: 'batch_too_large', errors: [{ pointer: '/tasks/0' }] },
    });
    expect([await alive('free-four'), await alive('guest')]).toEqual([0, 1]);
  });

  it('say of each task when to send it again, and of a batch of which none was taken', async () => {
    await set('free-five', 'free');
    const of = (count: number) => many(count, later({ client_id: 'free-five' }));
    await batch(of(10));
    const [some, none] = [await batch([later(), ...of(2)]), await batch(of(3))];
    for (const { error } of [...resultsOf(some).slice(1), ...resultsOf(none)]) {
      expect(error).toMatchObject({ code: 'rate_limited', status: 429 });
      expect(Number.isInteger(error?.retry_after)).toBe(true);
      expect(error?.retry_after).toBeGreaterThan(0);
      expect(error?.retry_after).toBeLessThanOrEqual(60);
    }
    expect(some.headers.get('retry-after')).toBeNull();
    expect(none.status).toBe(202);
    const latest = Math.max(...resultsOf(none).map(({ error }) => error?.retry_after ?? 0));
    expect(none.headers.get('retry-after')).toBe(String(latest));
    expect(none.headers.get('ratelimit')).toMatch(/^"client";r=0;t=\d+$/);
    expect(none.headers.get('ratelimit-policy')).toBe('"client";q=10;w=60');
    await set('free-six', 'free');
    await batch(many(10, later({ client_id: 'free-six' })));
    const both = await batch([...of(1), later({ client_id: 'free-six' })]);
    expect(both.headers.get('retry-after')).not.toBeNull();
    // Of whom it would speak, nobody could say.
    expect(both.headers.get('ratelimit')).toBeNull();
  });
});

describe('a batch that is all or none', () => {
  it('is stored as a whole', async () => {
    const before = await alive('shop');
    const answer = await batch(many(1000), { atomic: true });
    expect(codes(answer)).toEqual(Array(1000).fill('enqueued'));
    expect(await alive('shop')).toBe(before + 1000);
  });

  it('is not stored at all when one of its tasks breaks a rule, and all that do are named', async () => {
    const answer = await batch(
      [later({ client_id: 'all' }), later({ delay: 'x' }), later(), later({ queue: 'nowhere' })],
      { atomic: true },
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const pointers = answer.body.errors?.map(({ pointer }) => pointer);
    expect(pointers).toEqual(['/tasks/1/delay', '/tasks/3/queue']);
    const shapes = await batch([later(), { client_id: 7 }, 'x'], { atomic: true });
    expect(shapes.body.errors?.map(({ pointer }) => pointer)).toContain('/tasks/2');
    expect(await alive('all')).toBe(0);
  });

  it('is not stored at all when one of its tasks is refused, and says which', async () => {
    await set('free-three', 'free');
    const of = (count: number) => many(count, later({ client_id: 'free-three' }));
    await batch(of(5));
    const answer = await batch([later({ client_id: 'neighbour' }), ...of(6)], { atomic: true });
    expect(answer).toMatchObject({
      status: 429,
      body: { code: 'rate_limited', errors: [{ pointer: '/tasks/6' }] },
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.get('ratelimit')).toMatch(/^"client";r=5;/);
    expect(answer.body.detail).toContain('has 5 left now, fewer than this batch needs');
    expect([await alive('neighbour'), await alive('free-three')]).toEqual([0, 5]);
    expect((await batch(of(5), { atomic: true })).status).toBe(202);
  });
});

describe('an Idempotency-Key on a batch', () => {
  it.each([true, false])('gives the same answers again, also to half of it (atomic: %s)', async (atomic) => {
    const headers = { 'idempotency-key': `batch-${atomic}` };
    const tasks = Array.from({ length: 30 }, (_, n) =>
      later({ client_id: 'keyed', metadata: { n: `${n}` } }),
    );
    const before = await alive('keyed');
    const half = await batch(tasks.slice(0, 20), { atomic }, headers);
    const whole = await batch(tasks, { atomic }, headers);
    expect(resultsOf(whole).slice(0, 20)).toEqual(resultsOf(half));
    expect((await batch(tasks, { atomic }, headers)).body).toEqual(whole.body);
    expect(await alive('keyed')).toBe(before + 30);
  });

  it('is of each task at its place: another task there is refused', async () => {
    const headers = { 'idempotency-key': 'batch-places' };
    const [one, two, three] = ['1', '2', '3'].map((n) => later({ metadata: { n } }));
    await batch([one, two], {}, headers);
    expect(codes(await batch([one, three], {}, headers))).toEqual(['enqueued', 'idempotency_key_reused']);
    const atomic = await batch([one, three, two], { atomic: true }, headers);
    expect(atomic).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await app.post('/v1/enqueue', one, headers)).status).toBe(202);
  });
});
