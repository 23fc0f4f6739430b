import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';
import { LAYOUT, layoutFault } from './layout.js';

let node: RedisNode;
let redis: Redis;
beforeAll(async () => {
  node = await RedisNode.start([]);
  redis = new Redis(node.url);
});
afterAll(async () => {
  await redis.quit();
  await node.remove();
});

const layout = (number: number, understoodSince: number, understands = 1) => ({
  number,
  understoodSince,
  understands,
});
const fault = async (...of: Parameters<typeof layout>) => (await layoutFault(redis, layout(...of)))?.message;

// One story: each test goes on where the last one ended.
describe('the layout of what is stored', () => {
  it('is 1 where nobody has noted any, and is not noted then', async () => {
    expect(await layoutFault(redis, LAYOUT)).toBeUndefined();
    expect(await redis.exists('{tr}:layout')).toBe(0);
  });

  it('may be raised beside processes that understand the new one', async () => {
    expect(await fault(2, 1)).toBeUndefined();
    expect(await redis.hgetall('{tr}:layout')).toEqual({ written: '2' });
    expect(await fault(1, 1)).toBeUndefined();
    expect(await redis.hget('{tr}:layout', 'written')).toBe('2');
  });

  it('shuts out those that do not, and says what to start', async () => {
    expect(await fault(3, 2)).toBeUndefined();
    expect(await fault(1, 1)).toMatch(
      /^Redis holds data of layout 2, and this version knows layouts up to 1 only: start a newer/,
    );
    expect(await fault(2, 1)).toBeUndefined();
    expect(await redis.hgetall('{tr}:layout')).toEqual({ written: '3', needs: '2' });
  });

  it('shuts out a version that has forgotten it', async () => {
    expect(await fault(5, 4, 4)).toMatch(
      /^Redis holds data of layout 3, .* from 4 on only: upgrade to a version between/,
    );
    expect(await redis.hgetall('{tr}:layout')).toEqual({ written: '3', needs: '2' });
  });

  it('is no reason to refuse the start of a process while Redis takes no writes', async () => {
    await redis.config('SET', 'min-replicas-to-write', '1');
    expect(await fault(9, 9)).toBeUndefined();
    await redis.config('SET', 'min-replicas-to-write', '0');
    expect(await redis.hget('{tr}:layout', 'written')).toBe('3');
  });
});
