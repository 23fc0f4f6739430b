import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { redisUrl } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { Writer } from '../redis/writer.js';
import { AddBatches } from './add-batches.js';

let harness: QueueHarness;
const open: Redis[] = [];
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  for (const redis of open.splice(0)) redis.disconnect();
  await harness.stop();
});

async function connect(): Promise<Redis> {
  const redis = new Redis(redisUrl(), { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  await new Promise((resolve) => redis.once('ready', resolve));
  open.push(redis);
  return redis;
}

class CountingWriter extends Writer {
  batches = 0;

  override writeAgain<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    this.batches++;
    return super.writeAgain(work);
  }
}

/** So many tasks at the same moment, `rounds` times; gives how many were stored as new. */
async function add(batches: AddBatches, count: number, rounds: number): Promise<number> {
  let stored = 0;
  for (let round = 0; round < rounds; round++) {
    const adding = Array.from({ length: count }, () => batches.add(harness.task()));
    stored += (await Promise.all(adding)).filter(({ isNew }) => isNew).length;
  }
  return stored;
}

describe('adding over several connections', () => {
  it('stores every task once, over each of them when there is much to do', async () => {
    const connections = await Promise.all([connect(), connect(), connect()]);
    const writers = connections.map((redis) => new CountingWriter(redis, false));
    expect(await add(new AddBatches(writers, 1000), 600, 3)).toBe(1800);
    expect(await harness.redis.keys('{tr}:default:task-*')).toHaveLength(1800);
    expect(Math.min(...writers.map(({ batches }) => batches))).toBeGreaterThan(0);
  });

  it('goes around a connection that is lost', async () => {
    const [lost, other] = [await connect(), await connect()];
    lost.disconnect();
    await until(() => lost.status === 'end');
    const batches = new AddBatches([new Writer(lost, false), new Writer(other, false)], 1000);
    expect(await add(batches, 1, 20)).toBe(20);
  });
});
