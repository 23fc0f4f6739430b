import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import { Housekeeping } from '../worker/housekeeping.js';
import { QueueGauge } from './queue-gauge.js';

const HOUR = 3_600_000;
const NOTHING = { scheduled: 0, pending: 0, deferred: 0, running: 0, retrying: 0, dead_letter: 0 };

let harness: QueueHarness;
const clock = new ManualClock();
beforeEach(async () => {
  harness = await QueueHarness.start({}, clock);
});
afterEach(() => harness.stop());

const measure = (...names: string[]) =>
  new QueueGauge({ producer: harness.redis } as unknown as RedisConnections, clock).measure(names);
const figure = async (name: string) => (await measure(name)).of(name);

it('tells of each queue how many tasks it has in each state', async () => {
  await harness.gates.set('q:mails', { isShut: true });
  await harness.add(2, { queue: 'mails', lane: 'high' });
  await harness.add(3, { queue: 'reports', lane: 'high' });
  const [waits] = await harness.add(1, { queue: 'reports', lane: 'high', delayMs: HOUR });
  await harness.add(4, { lane: 'low', queue: 'low' });
  const { of, waiting, deadLetters } = await measure('mails', 'reports', 'low', 'none');
  expect(of('mails').depth).toEqual({ ...NOTHING, deferred: 2 });
  expect(of('reports').depth).toEqual({ ...NOTHING, pending: 3, scheduled: 1 });
  expect(of('low').depth).toEqual({ ...NOTHING, pending: 4 });
  expect(of('none').depth).toEqual(NOTHING);
  expect([waiting, deadLetters]).toEqual([{ critical: 0, high: 3, default: 0, low: 4 }, 0]);
  await harness.queue.cancel(waits!.id);
  expect((await figure('reports')).depth).toEqual({ ...NOTHING, pending: 3 });
});

it('tells what came and what ended in the last minute', async () => {
  const tasks = await harness.add(6, { delayMs: HOUR });
  for (const { id } of tasks.slice(2)) await harness.queue.cancel(id);
  expect(await figure('default')).toMatchObject({ inPerMinute: 6, outPerMinute: 4 });
  clock.advance(60_000);
  const { inPerMinute } = await figure('default');
  expect(inPerMinute).toBeLessThanOrEqual(6);
  await harness.add(1, { delayMs: HOUR });
  expect(await figure('default')).toMatchObject({ inPerMinute: inPerMinute + 1 });
  clock.advance(120_000);
  expect(await figure('default')).toMatchObject({ inPerMinute: 0, outPerMinute: 0 });
});

it('tells since when the task is due that has been so for longest, also when its queue holds it', async () => {
  const start = clock.now();
  await harness.gates.set('q:held', { isShut: true });
  await harness.add(1, { queue: 'held' });
  clock.advance(5000);
  await harness.add(2, { queue: 'held' });
  await harness.add(1, { queue: 'reports' });
  await harness.add(1, { queue: 'later', delayMs: HOUR });
  clock.advance(5000);
  await harness.add(1, { queue: 'reports' });
  const { of } = await measure('held', 'reports', 'later');
  expect(of('held').oldestDueAt).toBe(start);
  expect(of('reports').oldestDueAt).toBe(start + 5000);
  expect(of('later')).not.toHaveProperty('oldestDueAt');
});

it('counts again what others have removed, and what was stored before there were counts', async () => {
  const [gone] = await harness.add(3, { queue: 'reports', delayMs: HOUR });
  const [, cancelled] = await harness.add(2, { queue: 'reports', delayMs: HOUR });
  await harness.queue.cancel(cancelled!.id);
  await harness.redis.zrem('{tr}:default:delayed', gone!.id);
  await harness.redis.del(`{tr}:default:${gone!.id}`);
  const depth = { ...NOTHING, scheduled: 3 };
  const repair = async () => {
    await harness.redis.del('{tr}:repair');
    await new Housekeeping(harness.redis, 30_000, clock).repair();
  };
  await repair();
  expect((await figure('reports')).depth).toEqual(depth);
  await harness.redis.del('{tr}:depth', '{tr}:alive');
  await repair();
  expect((await figure('reports')).depth).toEqual(depth);
});
