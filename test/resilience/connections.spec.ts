import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.js';
import { Receiver } from '../support/receiver.js';
import { redisUrl, TestApp } from '../support/test-app.js';

/** `task-runner:producer` for what the health routes ask, `:worker` for turns, `:blocking` for sleep. */
const OF_A_WORKER = 3;
const QUEUES = 50;

let api: TestApp;
let target: Receiver;
let redis: Redis;
let worker: Product;
beforeAll(async () => {
  api = await TestApp.start({ MODE: 'api' });
  target = await Receiver.start();
  redis = new Redis(redisUrl());
});
afterAll(async () => {
  worker.child.kill('SIGKILL');
  await worker.ended;
  await api.stop();
  await target.stop();
  await redis.quit();
});

/** The ids of the product's connections to the database of this test. */
async function connections(): Promise<Set<string>> {
  const all = String(await redis.client('LIST')).split('\n');
  const db = new URL(redisUrl()).pathname.slice(1);
  const ours = all.filter((line) => line.includes(' name=task-runner:') && line.includes(` db=${db} `));
  return new Set(ours.map((line) => /^id=(\d+)/.exec(line)![1]!));
}

it('a worker holds three connections to Redis, however many queues there are', async () => {
  const ofApi = await connections();
  worker = await startProduct({ MODE: 'worker', REDIS_URL: redisUrl(), ALLOW_LOOPBACK_URLS: 'true' });
  const before = await connections();
  expect(before.size - ofApi.size).toBe(OF_A_WORKER);
  for (let n = 0; n < QUEUES; n++) {
    const queue = `queue-${n}`;
    const { status } = await api.send('PUT', `/admin/queues/${queue}`, {
      lane: 'default',
      max_concurrent: 2,
    });
    expect(status).toBeLessThan(300);
    await api.enqueue({ url: target.url }, { queue });
  }
  await target.gets(QUEUES);
  expect(await connections()).toEqual(before);
});
