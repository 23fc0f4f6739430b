import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Task } from '../../task/task.js';
import { Housekeeping } from '../worker/housekeeping.js';

const DAY = 86_400_000;

let harness: QueueHarness;
const clock = new ManualClock();
beforeEach(async () => {
  harness = await QueueHarness.start({}, clock);
});
afterEach(() => harness.stop());

const keysOf = async (name: string) =>
  (await harness.redis.keys(`{tr}:${name}*`)).filter((key) => !key.endsWith(':last')).toSorted();
const listed = async () =>
  (await harness.reader.list({ filter: {}, limit: 1000 })).tasks.map(({ task }) => task.id);
const ids = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

describe('the index of tasks', () => {
  it('loses with each task what it has of it, and nothing is left when all are gone', async () => {
    harness.worker(4, ({ task }) =>
      Promise.resolve(
        task.clientId === 'dies'
          ? { kind: 'dead_letter', reason: 'permanent_failure' }
          : { kind: 'complete' },
      ),
    );
    const tasks = [
      ...(await harness.add(3, { clientId: 'dies' })),
      ...(await harness.add(3, { clientId: 'lives' })),
    ];
    const isOver = async (task: Task) => (await harness.reader.find(task.id))?.finishedAt !== undefined;
    await until(async () => (await Promise.all(tasks.map(isOver))).every(Boolean));
    await harness.drained();
    expect(await keysOf('made')).toEqual(['{tr}:made', '{tr}:made:dies', '{tr}:made:lives']);
    expect(await keysOf('dead')).toHaveLength(3);
    const prune = () => new Housekeeping(harness.redis, 30_000, clock).prune();
    clock.advance(8 * DAY);
    await prune();
    expect(await keysOf('made')).toEqual(['{tr}:made', '{tr}:made:dies']);
    expect((await listed()).toSorted()).toEqual(ids(tasks.slice(0, 3)).toSorted());
    clock.advance(30 * DAY);
    await prune();
    expect([await keysOf('made'), await keysOf('dead')]).toEqual([[], []]);
  });

  it('takes tasks in the order in which they come, also when the clock is set back or its newest place is lost', async () => {
    const tasks = await harness.add(2, { delayMs: DAY });
    clock.advance(-60_000);
    for (const lose of [false, true, false]) {
      if (lose) await harness.redis.del('{tr}:made:last');
      tasks.push(...(await harness.add(1, { delayMs: DAY })));
    }
    expect(await listed()).toEqual(ids(tasks).toReversed());
  });

  it('forgets what others have removed when a list comes by', async () => {
    const [one, two] = (await harness.add(2, { delayMs: DAY })) as [Task, Task];
    await harness.redis.del(`{tr}:default:${one.id}`);
    expect(await listed()).toEqual([two.id]);
    expect(await harness.redis.xlen('{tr}:made')).toBe(1);
  });
});
