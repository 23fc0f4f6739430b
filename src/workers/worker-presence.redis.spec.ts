import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeAfterTest } from '../../test/support/loopback.js';
import { Proxy } from '../../test/support/proxy.js';
import { RedisNode } from '../../test/support/redis-node.js';
import { redisUrl } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { loadConfig } from '../config/load-config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { type PoolLoad, WorkerPool } from '../queue/worker-pool.js';
import { PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { scripts } from './scripts.js';
import { WorkerNews, type WorkerNewsKind } from './worker-news.js';
import { WorkerPresence } from './worker-presence.js';
import { WorkerRegistry } from './worker-registry.js';
import { WorkerWatch } from './worker-watch.js';

const QUICK = { WORKER_HEARTBEAT_SEC: '0.1', WORKER_TIMEOUT_SEC: '0.5', REDIS_URL: redisUrl() };

let redis: Redis;
const connections: RedisConnections[] = [];
const presences: WorkerPresence[] = [];
const watches: WorkerWatch[] = [];
/** What became known, in every process. */
let told: string[] = [];

beforeEach(async () => {
  Logger.overrideLogger(false);
  redis = new Redis(redisUrl());
  await redis.flushdb();
  told = [];
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.onModuleDestroy();
  await Promise.all(presences.splice(0).map((presence) => presence.leave()));
  await Promise.all(connections.splice(0).map((each) => each.close()));
  await redis.quit();
});

/** A pool that runs what a test says. */
class Pool extends WorkerPool {
  readonly hostChanges = undefined as never;
  readonly taskNews = undefined as never;
  isPaused = false;
  current: PoolLoad = { done: 0, running: [], busyMs: 0, meanMs: undefined };
  constructor(override readonly token: string) {
    super();
  }
  override start = () => Promise.resolve();
  override drain = () => Promise.resolve();
  override check = () => ({ up: true });
  override pause(): void {
    this.isPaused = true;
  }
  override resume(): void {
    this.isPaused = false;
  }
  override handBack = vi.fn();
  override load(): PoolLoad {
    return this.current;
  }
  override readonly capacity = { slots: 1, forMs: 0 };
  override meterBy(): void {
    // Nobody looks.
  }
  override onCalled(): void {
    // Nobody calls: what is said is heard with the next beat.
  }
}

function connect(environment: Record<string, string>): RedisConnections {
  const made = new RedisConnections(loadConfig(environment), new HealthRegistry());
  connections.push(made);
  return made;
}

function news(): WorkerNews {
  const made = new WorkerNews();
  made.listen((kind: WorkerNewsKind, { id }) => told.push(`${kind} ${id}`));
  return made;
}

async function join(
  id: string,
  pool = new Pool(`token of ${id}`),
  url = redisUrl(),
): Promise<WorkerPresence> {
  const environment = { ...QUICK, WORKER_ID: id, REDIS_URL: url };
  const presence = new WorkerPresence(loadConfig(environment), connect(environment), pool, news());
  await presence.join();
  presences.push(presence);
  return presence;
}

/** One that is cut off as soon as it has joined: as if it were killed, nothing of it comes any more. */
async function joinAndDie(id: string, pool?: Pool): Promise<void> {
  const proxy = await Proxy.to(redisUrl());
  closeAfterTest(() => proxy.stop());
  await join(id, pool, proxy.url);
  proxy.cut();
}

async function watch(): Promise<void> {
  const made = new WorkerWatch(loadConfig(QUICK), connect(QUICK), news());
  watches.push(made);
  await connections.at(-1)!.waitUntilReady();
  made.start();
}

async function registry(url = redisUrl()): Promise<WorkerRegistry> {
  const environment = { ...QUICK, REDIS_URL: url };
  const made = new WorkerRegistry(loadConfig(environment), connect(environment));
  await connections.at(-1)!.waitUntilReady();
  return made;
}

describe('a worker that is killed', () => {
  it('is noticed by one of the others, once, and what it ran is still told', async () => {
    const pool = new Pool('t');
    const about = { queue: 'default', clientId: 'me', type: 'http', host: 'a.example' };
    const task = { id: 'task-1', ...about, attempt: 1, since: 5 };
    pool.current = { done: 7, running: [task], busyMs: 0, meanMs: undefined };
    await joinAndDie('w-1', pool);
    for (const id of ['w-2', 'w-3', 'w-4']) await join(id);
    await watch();
    await watch();
    await until(() => told.includes('lost w-1'));
    await sleep(1000);
    expect(told.filter((line) => line.startsWith('lost'))).toEqual(['lost w-1']);
    const worker = await (await registry()).find('w-1');
    expect(worker).toMatchObject({ state: 'gone', busy: 0, done: 7, gone: { because: 'lost' } });
    expect(worker?.running).toEqual([task]);
  });

  it('is noticed also when nobody is left but an API', async () => {
    await joinAndDie('w-1');
    await watch();
    await until(() => told.includes('lost w-1'));
  });

  it('is noticed when one is started in its place under its id', async () => {
    await joinAndDie('w-1', new Pool('first'));
    await sleep(2);
    await join('w-1', new Pool('second'));
    expect(told).toEqual(['joined w-1', 'joined w-1', 'lost w-1']);
  });
});

it('nobody is gone because Redis was away: for as long as a silence may last, all are waited for', async () => {
  const timeoutMs = 500;
  const sweep = async () => (await scripts.sweepWorkers.run(redis, PREFIX, [timeoutMs])) as string[];
  await joinAndDie('w-1');
  await sweep();
  await sleep(timeoutMs + 200);
  // Nobody has looked in between.
  const since = performance.now();
  expect(await sweep()).toEqual([]);
  await until(async () => (await sweep()).length > 0, { every: 50 });
  expect(performance.now() - since).toBeGreaterThan(timeoutMs - 20);
});

it('of two with the same id the one that was started later counts', async () => {
  const older = new Pool('older');
  await join('w-1', older);
  await sleep(2);
  await join('w-1', new Pool('newer'));
  await sleep(400);
  expect(told.filter((line) => line.startsWith('lost'))).toHaveLength(1);
  expect((await (await registry()).find('w-1'))?.token).toBe('newer');
});

it('joins, and can be paused, while Redis is full', async () => {
  const node = await RedisNode.start(['save ""', 'maxmemory 100kb']);
  closeAfterTest(() => node.remove());
  await expect(node.ask((full) => full.set('x', 'y'))).rejects.toThrow('OOM');
  const pool = new Pool('t');
  const presence = await join('w-1', pool, node.url);
  const held = await (await registry(node.url)).hold('w-1', { as: 'paused', since: 1 }, () => 'line');
  expect(held?.state).toBe('paused');
  expect(pool.isPaused).toBe(true);
  await presence.leave();
});

it('those that are gone are forgotten after an hour, those that are paused after a month, and a thousand at most', async () => {
  const gone = async () => (await redis.hkeys(`${PREFIX}workers`)).toSorted();
  for (const id of ['plain', 'paused']) await (await join(id)).leave();
  presences.splice(0);
  await (await registry()).hold('paused', { as: 'paused', since: 1 }, () => 'line');
  const keptFor = async (id: string) => Number(await redis.zscore(`${PREFIX}workers:gone`, id)) - Date.now();
  expect(await keptFor('plain')).toBeLessThan(3_700_000);
  expect(await keptFor('paused')).toBeGreaterThan(29 * 86_400_000);
  await redis.zadd(`${PREFIX}workers:gone`, 1, 'plain');
  await scripts.sweepWorkers.run(redis, PREFIX, [500]);
  expect(await gone()).toEqual(['paused']);
  for (let n = 0; n < 1005; n++) await redis.zadd(`${PREFIX}workers:gone`, Date.now() + 10_000 + n, `w${n}`);
  await scripts.sweepWorkers.run(redis, PREFIX, [500]);
  expect(await redis.zcard(`${PREFIX}workers:gone`)).toBe(1000);
  expect(await gone()).toEqual(['paused']);
});
