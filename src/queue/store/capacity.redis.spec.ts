import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRules, replayed } from '../../../test/support/adding.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import { ADMISSION_KEY } from '../../redis/keys.js';
import { Writer } from '../../redis/writer.js';
import { queueField } from '../admission/admission-rules.js';
import { AddBatches } from './add-batches.js';

const MOST = 300;

let harness: QueueHarness;
let finish: () => void;
beforeEach(async () => {
  harness = await QueueHarness.start({ MAX_QUEUE_SIZE: String(MOST) });
  finish = () => undefined;
});
afterEach(async () => {
  finish();
  await harness.stop();
});

/** Whether one more task is taken. */
async function takes(fields = {}): Promise<boolean> {
  const result = await harness.queue.add(harness.task(fields));
  if (result.kind !== 'added') expect(result).toEqual({ kind: 'full', what: 'tasks' });
  return result.kind === 'added';
}

/** So many tasks in each place that one can be alive in. */
async function fillEverywhere(): Promise<void> {
  const isFree = new Promise<void>((resolve) => (finish = resolve));
  await harness.gates.set('q:low', { isShut: true });
  await harness.add(100, { lane: 'low' });
  await harness.add(100, { delayMs: 3_600_000 });
  harness.worker(10, () => isFree.then(() => ({ kind: 'complete' })));
  await harness.add(MOST - 200 - 1);
  await until(async () => (await harness.redis.llen('{tr}:default:active')) > 0);
  expect(await harness.redis.llen('{tr}:default:wait')).toBeGreaterThan(0);
}

describe('a bound on the tasks that are alive', () => {
  it('counts what waits, is held, is scheduled and runs: the last one is taken, the next is not', async () => {
    await fillEverywhere();
    expect([await takes(), await takes(), await takes({ delayMs: 5000 })]).toEqual([true, false, false]);
    expect(await takes({ lane: 'critical' })).toBe(false);
    finish();
    await until(async () => (await harness.redis.zcard('{tr}:default:completed')) === MOST - 200);
    expect(await takes()).toBe(true);
  });

  it('is kept to by any number of senders at once, one by one within a batch', async () => {
    const connections = Array.from({ length: 4 }, () => harness.redis.duplicate());
    const senders = connections.map(
      (redis) => new AddBatches([new Writer(redis)], addRules({ maxAlive: MOST }), harness.clock),
    );
    const results = await Promise.all(
      Array.from({ length: 2 * MOST }, (_, n) =>
        senders[n % 4]!.add({ task: harness.task({ delayMs: 60_000 }) }),
      ),
    );
    for (const redis of connections) redis.disconnect();
    expect(results.filter(({ kind }) => kind === 'full')).toHaveLength(MOST);
    expect(await harness.redis.zcard('{tr}:default:delayed')).toBe(MOST);
  });

  it('does not keep a task from being found that is stored already', async () => {
    const [first] = await harness.add(MOST, { delayMs: 60_000 });
    const again = harness.task({ id: first!.id, delayMs: 60_000 });
    expect(await harness.queue.add(again)).toEqual(replayed(first!));
    expect(await takes()).toBe(false);
  });

  it('holds dead letters back that are retried, by any number of callers at once', async () => {
    harness.worker(10, () => Promise.resolve({ kind: 'dead_letter', reason: 'permanent_failure' }));
    const dead = await harness.add(30);
    await until(async () => (await harness.redis.zcard('{tr}:default:failed')) === 30);
    await harness.drained();
    await harness.add(MOST - 10, { delayMs: 60_000 });
    const retries = () => Promise.all(dead.map(({ id }) => harness.queue.retry(id)));
    const results = await retries();
    expect(results.filter((result) => result === 'retried')).toHaveLength(10);
    expect(results.filter((result) => result !== 'retried')).toEqual(
      Array(20).fill({ kind: 'full', what: 'tasks' }),
    );
    expect(await takes()).toBe(false);
    // What is not there any more is not said to wait for room.
    expect((await retries()).filter((result) => result === 'not_dead')).toHaveLength(10);
    expect(await harness.redis.zcard('{tr}:default:failed')).toBe(20);
    expect(await harness.queue.retry('nobody')).toBe('unknown');
  });

  it('of a queue holds its dead letters back, and no others', async () => {
    harness.worker(10, () => Promise.resolve({ kind: 'dead_letter', reason: 'permanent_failure' }));
    const [[small], [other]] = [await harness.add(1, { queue: 'small' }), await harness.add(1)];
    await until(async () => (await harness.redis.zcard('{tr}:default:failed')) === 2);
    await harness.drained();
    await harness.redis.hset(ADMISSION_KEY, queueField('small'), 2);
    const [first] = await harness.add(2, { queue: 'small', delayMs: 60_000 });
    expect(await harness.queue.retry(small!.id)).toEqual({ kind: 'full', what: 'queue' });
    expect(await harness.queue.retry(other!.id)).toBe('retried');
    await harness.queue.cancel(first!.id);
    expect(await harness.queue.retry(small!.id)).toBe('retried');
  });
});
