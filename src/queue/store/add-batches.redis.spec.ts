import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRules, added, replayed } from '../../../test/support/adding.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { ADMISSION_KEY } from '../../redis/keys.js';
import { isUnavailable } from '../../redis/unavailable.js';
import { Writer } from '../../redis/writer.js';
import { encodeRules } from '../../../test/support/admission-rules.js';
import { AddBatches } from './add-batches.js';
import { addTasks } from './add-tasks.js';

const rules = addRules();

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

/** Sends nothing until others have a batch, too. */
class PatientWriter extends Writer {
  static busy = 0;

  override async writeAgain<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    PatientWriter.busy++;
    await until(() => PatientWriter.busy >= 3, { timeoutMs: 1000 });
    return super.writeAgain(work);
  }
}

/** Its first batch is stored, but the reply does not come; `repeat` is what the client then does. */
class ForgetfulWriter extends Writer {
  repeat: (() => Promise<unknown>) | undefined;

  override async writeAgain<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.repeat) return super.writeAgain(work);
    this.repeat = () => super.write(work);
    await this.repeat();
    return new Promise(() => undefined);
  }
}

/** Never hears of anything that it has sent. */
class HungWriter extends Writer {
  sent = 0;

  override writeAgain<T>(): Promise<T> {
    this.sent++;
    return new Promise(() => undefined);
  }
}

/** So many tasks at the same moment, `rounds` times; gives how many were stored as new. */
async function add(batches: AddBatches, count: number, rounds: number): Promise<number> {
  let stored = 0;
  for (let round = 0; round < rounds; round++) {
    const adding = Array.from({ length: count }, () => batches.add({ task: harness.task() }));
    stored += (await Promise.all(adding)).filter(({ kind }) => kind === 'added').length;
  }
  return stored;
}

describe('adding over several connections', () => {
  it('stores every task once, over all of them at the same time when there is much to do', async () => {
    const connections = await Promise.all([connect(), connect(), connect()]);
    const writers = connections.map((redis) => new PatientWriter(redis));
    expect(await add(new AddBatches(writers, rules, harness.clock), 600, 1)).toBe(600);
    expect(await harness.redis.keys('{tr}:default:task-*')).toHaveLength(600);
  });

  it('goes around a connection that is lost', async () => {
    const [lost, other] = [await connect(), await connect()];
    lost.disconnect();
    await until(() => lost.status === 'end');
    const batches = new AddBatches([new Writer(lost), new Writer(other)], rules, harness.clock);
    expect(await add(batches, 1, 20)).toBe(20);
  });

  it('stores nothing twice that is sent again after later batches', async () => {
    const writer = new ForgetfulWriter(await connect());
    const batches = new AddBatches([writer], rules, harness.clock);
    await expect(batches.add({ task: harness.task({ id: randomUUID() }) })).rejects.toThrow('no answer');
    await batches.add({ task: harness.task({ id: randomUUID() }) });
    await writer.repeat?.();
    expect(await harness.redis.llen('{tr}:default:wait')).toBe(2);
    const [alive, one] = [await harness.redis.hgetall('{tr}:alive'), harness.task()];
    expect(alive).toEqual({ [`c:${one.clientId}`]: '2', [`q:${one.queue}`]: '2' });
  });

  it('with a Redis that hangs is given up in time, however many wait', async () => {
    const writer = new HungWriter(await connect());
    const batches = new AddBatches([writer], rules, harness.clock);
    const adding = Array.from({ length: 1000 }, () => batches.add({ task: harness.task() }));
    for (const { reason } of (await Promise.allSettled(adding)) as PromiseRejectedResult[])
      expect(isUnavailable(reason)).toBe(true);
    expect(writer.sent).toBeLessThanOrEqual(2);
  });
});

describe('a batch whose reply is lost is sent again, and answered with what it has stored', () => {
  const version = (version: string, isEnabled: boolean) =>
    harness.redis.hset(ADMISSION_KEY, 'client-a', encodeRules({ version, isEnabled }));

  it.each([false, true])('whatever was changed in between (all or none: %s)', async (isAllOrNone) => {
    const redis = await connect();
    await version('1', true);
    const tasks = Array.from({ length: 15 }, () => harness.task({ id: randomUUID(), clientId: 'client-a' }));
    const admission = { version: '1', principal: 'client-a' };
    const batch = {
      additions: tasks.map((task) => ({ task, admission })),
      isAllOrNone,
      id: ['sender', 1],
    } as const;
    const send = () =>
      addTasks(redis, batch, addRules({ requestsPerSecond: 20 }), harness.clock.scriptTime());
    expect(await send()).toEqual(tasks.map(added));
    expect(await send()).toEqual(tasks.map(replayed));
    await version('2', false);
    expect(await send()).toEqual(tasks.map(replayed));
    expect(await harness.redis.llen('{tr}:default:wait')).toBe(15);
  });
});
