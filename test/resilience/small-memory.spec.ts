import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.js';
import { RedisNode } from '../support/redis-node.js';

const SENDERS = 64;
const FOR_MS = 6000;

describe('an API with the heap of a container of 512 MiB', () => {
  let redis: RedisNode;
  let api: Product;
  beforeAll(async () => {
    redis = await RedisNode.start([]);
    const NODE_OPTIONS = '--max-old-space-size=250';
    api = await startProduct({ MODE: 'api', REDIS_URL: redis.url, NODE_OPTIONS });
  });
  afterAll(async () => {
    api.child.kill('SIGKILL');
    await api.ended;
    await redis.remove();
  });

  it('says 503 to what would fill it, and lives', async () => {
    const task = { url: 'https://example.com/x', method: 'POST', body: 'z'.repeat(1_000_000) };
    const body = JSON.stringify({ client_id: 'large', delay: 3600, task });
    const answers = new Map<number, number>();
    const until = performance.now() + FOR_MS;
    const send = async () => {
      while (performance.now() < until) {
        const headers = { 'Content-Type': 'application/json' };
        const { status } = await fetch(`${api.url}/v1/enqueue`, { method: 'POST', headers, body });
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
    expect([...answers.keys()].sort()).toEqual([202, 503]);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  });
});
