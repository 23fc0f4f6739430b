import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationList, OperationView } from '../../src/admin/admin-operations.dto.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** As long as an operation waits for a process that was killed, and what it has to do then. */
const FOLLOWED_MS = 30_000;

let other: TestApp;
let api: Product;
let target: Receiver;
let answer = 500;
beforeEach(async () => {
  other = await TestApp.start();
  target = await Receiver.start();
  target.answer = (_request, response) => response.writeHead(answer).end();
  api = await startProduct({ MODE: 'api', REDIS_URL: redisUrl(), ALLOW_LOOPBACK_URLS: 'true' });
});
afterEach(async () => {
  api.child.kill('SIGKILL');
  await api.ended;
  await Promise.all([other.stop(), target.stop()]);
});

const look = async (id: string) => (await other.get<OperationView>(`/admin/operations/${id}`)).body;
const count = async (query: string) =>
  (await other.get<{ tasks: object[] }>(`/v1/tasks?limit=1000&${query}`)).body.tasks.length;
const enqueue = (times: number, fields: object) =>
  Promise.all(Array.from({ length: times }, () => other.enqueue({ url: target.url }, fields)));
const ask = (method: string, path: string, body?: object) =>
  fetch(api.url + path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

describe('kill -9 of the process that works on an operation', () => {
  it('another one goes on with it, and sends nothing twice', async () => {
    answer = 500;
    await enqueue(300, { max_retries: 0 });
    await until(async () => (await count('state=dead_letter')) === 300);
    target.received.length = 0;
    answer = 200;
    const begun = await ask('POST', '/admin/operations', {
      action: 'retry',
      filter: { all: true },
      rate: 150,
    });
    const { operation_id: id } = (await begun.json()) as OperationView;
    await until(async () => (await look(id)).done >= 60);
    api.child.kill('SIGKILL');
    await api.ended;
    expect((await look(id)).done).toBeLessThan(300);
    await until(async () => (await look(id)).ended_at !== undefined, { timeoutMs: FOLLOWED_MS });
    expect(await look(id)).toMatchObject({ state: 'done', matched: 300, done: 300, skipped: {} });
    await until(async () => (await count('state=completed')) === 300);
    expect(target.received).toHaveLength(300);
  });

  it('a purge is all or nothing, and can be undone', async () => {
    const ids = await enqueue(1500, { delay: 3600, queue: 'low' });
    const purged = ask('DELETE', '/admin/queues/low').catch(() => undefined);
    await until(async () => (await count('queue=low')) < 1000, { timeoutMs: 5000, every: 1 });
    api.child.kill('SIGKILL');
    await Promise.all([api.ended, purged]);
    expect(await count('queue=low')).toBe(0);
    const [operation] = (await other.get<OperationList>('/admin/operations')).body.operations;
    const id = operation!.operation_id;
    await until(async () => (await look(id)).state === 'done', { timeoutMs: FOLLOWED_MS });
    expect(await look(id)).toMatchObject({ matched: 1500, done: 1500 });
    await other.post(`/admin/operations/${id}/undo`, {});
    await until(async () => (await look(id)).state === 'undone', { timeoutMs: FOLLOWED_MS });
    await until(async () => (await other.get(`/v1/tasks/${ids[0]!}`)).body['state'] === 'scheduled');
    expect(await count('queue=low&state=scheduled')).toBe(1000);
  });
});
