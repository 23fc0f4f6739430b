import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRedis, startRedis } from '../../scripts/embedded-redis.mjs';
import { isLong } from '../support/length.js';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { until } from '../support/until.js';

const MAX_MEMORY = (isLong ? 64 : 12) * 1024 * 1024;
const BODY = 'x'.repeat(4000);
const SENDERS = 16;

let server: EmbeddedRedis;
let redis: Redis;
let target: Receiver;
let api: Product;
const processes: Product[] = [];

beforeAll(async () => {
  server = await startRedis({ appendOnly: false });
  redis = new Redis(server.url);
  await redis.config('SET', 'maxmemory', MAX_MEMORY);
  target = await Receiver.start();
  api = await start({ MODE: 'api' });
});
afterAll(async () => {
  for (const product of processes) product.child.kill('SIGKILL');
  await Promise.all(processes.map(({ ended }) => ended));
  await target.stop();
  redis.disconnect();
  await server.stop();
});

async function start(environment: Record<string, string>): Promise<Product> {
  const product = await startProduct({
    REDIS_URL: server.url,
    ALLOW_LOOPBACK_URLS: 'true',
    WORKER_CONCURRENCY: '50',
    ...environment,
  });
  processes.push(product);
  return product;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: { readonly task_id?: string; readonly code?: string };
}

async function enqueue(url = target.url): Promise<Answer> {
  const response = await fetch(`${api.url}/v1/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: 'test-client', task: { url, body: BODY } }),
  });
  const body = (await response.json()) as Answer['body'];
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
}

/** Enqueues until there is a refusal, and gives the ids that were acknowledged and the first refusal. */
async function enqueueUntilRefused(): Promise<{ acknowledged: string[]; refusal: Answer }> {
  const acknowledged: string[] = [];
  let refusal: Answer | undefined;
  const sender = async (): Promise<void> => {
    while (!refusal) {
      const answer = await enqueue();
      if (answer.status === 202) acknowledged.push(answer.body.task_id ?? '');
      else refusal ??= answer;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return { acknowledged, refusal: refusal! };
}

/** Fills Redis with what is not ours until it refuses every write that needs memory. */
async function fillToTheBrim(): Promise<void> {
  for (const size of [50_000, 500, 1]) {
    try {
      for (let n = 0; ; n++) await redis.set(`filler:${size}:${n}`, 'x'.repeat(size));
    } catch (error) {
      expect(String(error)).toContain('OOM');
    }
  }
}

/** Whatever is given back from now on, buffers of connections for one: there is no room. Gives the bytes that are used. */
async function lowerTheBrim(): Promise<number> {
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'maxmemory', Math.round(used * 0.95));
  return used;
}

async function emptyAgain(): Promise<void> {
  await redis.config('SET', 'maxmemory', MAX_MEMORY);
  for await (const keys of redis.scanStream({ match: 'filler:*', count: 1000 })) {
    if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
  }
  await until(async () => (await store())['memory'] === 'ok', { timeoutMs: 20_000, every: 100 });
}

const deliveries = (): Set<string> =>
  new Set(target.received.map(({ headers }) => String(headers['x-task-id'])));
const store = async () => {
  const health = (await (await fetch(`${api.url}/health/detailed`)).json()) as {
    details: { store: Record<string, unknown> };
  };
  return health.details.store;
};

describe('a Redis that is full', () => {
  it('is closed early to what comes in, worked off to the last task at maxmemory, and open again', async () => {
    expect(await store()).toMatchObject({ status: 'up', memory: 'ok', max_bytes: MAX_MEMORY });
    const { acknowledged, refusal } = await enqueueUntilRefused();
    expect(refusal).toMatchObject({ status: 503, body: { code: 'store_full' } });
    expect(Number(refusal.retryAfter)).toBeGreaterThan(0);
    await fillToTheBrim();
    await until(async () => (await store())['memory'] === 'high');
    const used = await lowerTheBrim();
    await expect(redis.set('one-more', 'x'.repeat(1000))).rejects.toThrow('OOM');
    expect(await store()).toMatchObject({ status: 'up' });
    expect((await enqueue()).body.code).toBe('store_full');

    const began = performance.now();
    const worker = await start({ MODE: 'worker' });
    await until(() => deliveries().size >= acknowledged.length, { timeoutMs: 60_000, every: 50 });
    const seconds = (performance.now() - began) / 1000;
    expect(acknowledged.filter((id) => !deliveries().has(id))).toEqual([]);
    expect(target.received).toHaveLength(acknowledged.length);

    await emptyAgain();
    expect((await enqueue()).status).toBe(202);
    // Or it takes the slot of one that is cancelled later.
    await until(() => deliveries().size > acknowledged.length);
    const lines = api.output().match(/enqueueing gets 503|enqueueing is open/g);
    expect(new Set(lines)).toEqual(new Set(['enqueueing gets 503', 'enqueueing is open']));
    expect(worker.output()).not.toContain('the store did not take a turn');
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/taskqueue_enqueue_refused_total\{reason="memory"\} [1-9]/);
    process.stdout.write(
      `memory-pressure: acknowledged ${acknowledged.length}, lost 0, duplicates 0; Redis at ${used} bytes, ` +
        `${Math.round(used * 0.05)} above its maxmemory, worked off in ${seconds.toFixed(1)} s\n`,
    );
  });

  it('gives back what a killed worker held, and lets a running task be cancelled', async () => {
    for (const worker of processes.filter((product) => product !== api)) {
      worker.child.kill('SIGTERM');
      await worker.ended;
    }
    target.reset();
    let open = 0;
    target.answer = (_request, response) => {
      open++;
      response.on('close', () => open--);
    };
    const answers = await Promise.all(Array.from({ length: 5 }, () => enqueue()));
    const lost = await start({ MODE: 'worker', TASK_LOCK_SEC: '2' });
    await target.gets(5);
    await fillToTheBrim();
    await lowerTheBrim();
    lost.child.kill('SIGKILL');
    await lost.ended;
    await until(() => open === 0);

    // With every slot taken, a turn only hears of the cancelling: it has nothing to take away first.
    const worker = await start({ MODE: 'worker', TASK_LOCK_SEC: '2', WORKER_CONCURRENCY: '5' });
    await target.gets(10, 20_000);
    expect(open).toBe(5);
    const [first] = answers;
    const cancel = await fetch(`${api.url}/v1/tasks/${first?.body.task_id ?? ''}`, { method: 'DELETE' });
    expect(cancel.status).toBe(202);
    await until(() => open === 4);
    expect(worker.output()).not.toContain('the store did not take a turn');
    target.reset();
    await emptyAgain();
  });

  it('lets more through than it can hold: what is completed makes room', async () => {
    const count = Math.round((MAX_MEMORY * 1.3) / (BODY.length + 2000));
    const before = target.received.length;
    let left = count;
    let refused = 0;
    const taken = async (): Promise<boolean> => {
      const isTaken = (await enqueue()).status === 202;
      if (!isTaken) refused++;
      return isTaken;
    };
    const sender = async (): Promise<void> => {
      while (left-- > 0) await until(taken, { timeoutMs: 30_000, every: 250 });
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    await until(() => target.received.length >= before + count, { timeoutMs: 30_000, every: 50 });
    const evictedNow = async () => (await scrape(api.url)).sum('taskqueue_history_evicted_total');
    const evicted = await until(evictedNow, { timeoutMs: 15_000, every: 500 });
    process.stdout.write(
      `memory-pressure: ${count} tasks of ${BODY.length} bytes through ${MAX_MEMORY} bytes of Redis; ` +
        `${evicted} evicted after completion, refused for a moment ${refused} times\n`,
    );
  });
});
