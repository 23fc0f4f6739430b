import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.js';
import { RedisNode } from '../support/redis-node.js';
import { until } from '../support/until.js';

const IN_MEMORY = ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0'];

let master: RedisNode;
let replica: RedisNode;
let api: Product;
beforeAll(async () => {
  master = await RedisNode.start(IN_MEMORY);
  replica = await RedisNode.start([...IN_MEMORY, `replicaof 127.0.0.1 ${master.port}`]);
  await until(async () => (await replica.ask((at) => at.info('replication'))).includes('link_status:up'), {
    timeoutMs: 20_000,
  });
  api = await startProduct({ MODE: 'api', REDIS_URL: master.url, DURABILITY: 'replica' });
});
afterEach(() => {
  replica.signal('SIGCONT');
});
afterAll(async () => {
  api.child.kill('SIGTERM');
  await api.ended;
  await replica.remove();
  await master.remove();
});

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly task_id?: string;
}

let sent = 0;
async function post(body: object, key: string | undefined): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${api.url}/v1/enqueue`, request);
  const { code, task_id } = (await response.json()) as Answer;
  return { status: response.status, ...(code && { code }), ...(task_id && { task_id }) };
}
const task = (fields: object = {}) => ({
  client_id: 'shop',
  task: { url: 'http://target.example/' },
  delay: 3600,
  ...fields,
});

const NOT_DURABLE = { status: 503, code: 'not_durable' };
const replicaHas = async (id: string) =>
  (await replica.ask((redis) => redis.keys(`{tr}:*:${id}`))).length > 0;
const masterHas = async () => (await master.ask((redis) => redis.zcard('{tr}:default:delayed'))) > 0;

describe('a request that is sent again after a 503', () => {
  it.each([
    ['by its key', (n: number) => task({ metadata: { n: String(n) } }), 0],
    ['by its key, when it would be refused by now', () => task({ delay: 0, ttl: 0.5 }), 600],
    ['by its task_id', (n: number) => task({ task_id: `mine-${n}` }), 0],
  ])('%s is acknowledged when a replica has the task, and not before', async (how, bodyOf, pauseMs) => {
    const key = how === 'by its task_id' ? undefined : `key-${++sent}`;
    const body = bodyOf(sent);
    replica.signal('SIGSTOP');
    expect(await post(body, key)).toEqual(NOT_DURABLE);
    expect(await masterHas()).toBe(true);
    await sleep(pauseMs);
    expect(await post(body, key)).toEqual(NOT_DURABLE);
    replica.signal('SIGCONT');
    const answer = await post(body, key);
    expect(answer).toEqual({ status: 202, task_id: expect.any(String) as string });
    expect(await replicaHas(answer.task_id ?? '')).toBe(true);
    expect(await post(body, key)).toEqual(answer);
  });
});
