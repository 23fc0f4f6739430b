import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import { loadConfig } from '../../config/load-config.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import type { TaskState } from '../../task/task-state.js';
import type { Task } from '../../task/task.js';
import { Housekeeping } from './housekeeping.js';
import { breakerText } from '../queue-rules.js';
import { RedisQueueRegistry } from '../queues/queue-registry.js';
import type { QueueRetention } from '../queues/queue-settings.js';
import { step, type StepSettings } from './step.js';

const DAY = 86_400_000;
/** What the deployment says. */
const USUAL = { completed: DAY, dead: 3 * DAY };
const OWN = { completedMs: 1234, deadMs: 5678 };

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start({ TASK_RETENTION_DAYS: '1', DEAD_RETENTION_DAYS: '3' });
});
afterEach(async () => {
  await harness.stop();
});

async function setRetention(queue: string, retention?: QueueRetention): Promise<void> {
  const connections = { producer: harness.redis } as unknown as RedisConnections;
  const settings = { lane: 'default' as const, ...(retention && { retention }) };
  await new RedisQueueRegistry(connections, harness.gates).change(queue, () => settings);
}

/** How long a task is kept that has ended; nothing = for ever. */
async function keptFor(id: string): Promise<number | undefined> {
  const task = await harness.reader.find(id);
  const until = await harness.redis.zscore('{tr}:expiry', `${task!.task.lane}:${id}`);
  return until === null ? undefined : Number(until) - task!.finishedAt!;
}

async function endsAs(state: TaskState, id: string): Promise<number | undefined> {
  await until(async () => (await harness.reader.find(id))?.state === state);
  return keptFor(id);
}

/** A turn that fetches one task, so much later. */
async function turnAfter(ms: number): Promise<void> {
  const settings: StepSettings = {
    token: 'dispatcher',
    lockMs: 30_000,
    mode: 'weighted',
    maxAgeMs: 7 * DAY,
    completedForMs: USUAL.completed,
    deadForMs: USUAL.dead,
    breaker: breakerText(loadConfig({})),
  };
  const request = {
    id: 'request',
    capacity: 1,
    settled: [],
    laneTimes: [0, 0, 0, 0],
    laneCharges: [1, 1, 1, 1],
  };
  await step(harness.redis, settings, request, Date.now() + ms);
}

const add = async (fields: Partial<Task> & { delayMs?: number } = {}) =>
  (await harness.add(1, { queue: 'reports', ...fields }))[0]!.id;

const working = (kind: 'complete' | 'dead') =>
  harness.worker(1, () =>
    Promise.resolve(
      kind === 'complete' ? { kind } : { kind: 'dead_letter', reason: 'attempts_exhausted' as const },
    ),
  );

/** Every way in which a task can end, and for how long it is kept then. */
const ENDINGS: [name: string, isDead: boolean, end: () => Promise<number | undefined>][] = [
  [
    'completes',
    false,
    async () => {
      working('complete');
      return endsAs('completed', await add());
    },
  ],
  [
    'dies',
    true,
    async () => {
      working('dead');
      return endsAs('dead_letter', await add());
    },
  ],
  [
    'is cancelled before it runs',
    false,
    async () => {
      const id = await add({ delayMs: 60_000 });
      await harness.queue.cancel(id);
      return endsAs('cancelled', id);
    },
  ],
  [
    'is cancelled while it runs',
    false,
    async () => {
      harness.worker(1, (_claimed, abort) => {
        return new Promise((resolve) => {
          abort.onAbort(() => {
            resolve({ kind: 'retry', delayMs: 1 });
          });
        });
      });
      const id = await add();
      await until(async () => (await harness.reader.find(id))?.state === 'running');
      await harness.queue.cancel(id);
      return endsAs('cancelled', id);
    },
  ],
  [
    'expires in its lane',
    false,
    async () => {
      const id = await add({ expiresAt: Date.now() + 1000 });
      await turnAfter(2000);
      return endsAs('expired', id);
    },
  ],
  [
    'expires under a gate',
    false,
    async () => {
      await harness.gates.set('c:client-a', { isShut: true });
      const id = await add({ expiresAt: Date.now() + 1000 });
      await turnAfter(2000);
      return endsAs('expired', id);
    },
  ],
  [
    'is held for too long',
    true,
    async () => {
      await harness.gates.set('c:client-a', { isShut: true });
      const id = await add();
      await turnAfter(7 * DAY + 1);
      return endsAs('dead_letter', id);
    },
  ],
  [
    'crashes too often',
    true,
    async () => {
      const id = await add();
      await harness.redis.hset(`{tr}:default:${id}`, 'defa', 'crashed_too_often');
      await turnAfter(0);
      return endsAs('dead_letter', id);
    },
  ],
];

describe.each(ENDINGS)('a task that %s', (_name, isDead, end) => {
  it('is kept as the deployment says when its queue does not', async () => {
    await setRetention('others', OWN);
    await setRetention('reports');
    expect(await end()).toBe(isDead ? USUAL.dead : USUAL.completed);
  });

  it('is kept as its queue says', async () => {
    await setRetention('reports', OWN);
    expect(await end()).toBe(isDead ? OWN.deadMs : OWN.completedMs);
  });
});

describe('the retention of a queue', () => {
  it('may say only one of the two, and 0 of a dead letter is for ever', async () => {
    await setRetention('reports', { deadMs: 0 });
    const pool = working('dead');
    expect(await endsAs('dead_letter', await add())).toBeUndefined();
    await setRetention('reports', { completedMs: 5 });
    expect(await endsAs('dead_letter', await add())).toBe(USUAL.dead);
    await setRetention('reports', { deadMs: 0 });
    await pool.drain(0);
    const cancelled = async () => {
      const id = await add({ delayMs: 60_000 });
      await harness.queue.cancel(id);
      return keptFor(id);
    };
    expect(await cancelled()).toBe(USUAL.completed);
    await setRetention('reports', { completedMs: 0 });
    expect(await cancelled()).toBe(0);
  });

  it('is that of the moment at which the task ends, and can be taken back', async () => {
    const id = await add({ delayMs: 60_000 });
    await setRetention('reports', OWN);
    await harness.queue.cancel(id);
    expect(await keptFor(id)).toBe(OWN.completedMs);
    const other = await add({ delayMs: 60_000 });
    await setRetention('reports');
    await harness.queue.cancel(other);
    expect(await keptFor(other)).toBe(USUAL.completed);
    expect(await keptFor(id)).toBe(OWN.completedMs);
    expect(await harness.redis.exists('{tr}:retention')).toBe(0);
  });

  it('can be that of a lane', async () => {
    await setRetention('default', OWN);
    const id = await add({ queue: 'default', delayMs: 60_000 });
    await harness.queue.cancel(id);
    expect(await keptFor(id)).toBe(OWN.completedMs);
  });
});

describe('DEAD_RETENTION_DAYS=0', () => {
  it('keeps dead letters for ever, whatever the time and the size of the history', async () => {
    await harness.stop();
    harness = await QueueHarness.start({ DEAD_RETENTION_DAYS: '0' });
    const pool = working('dead');
    const ids = await Promise.all(Array.from({ length: 300 }, () => add()));
    for (const id of ids) expect(await endsAs('dead_letter', id)).toBeUndefined();
    await pool.drain(0);
    const inAHundredYears = new ManualClock(Date.now() + 36_500 * DAY);
    await new Housekeeping(harness.redis, 30_000, inAHundredYears, {
      historyMaxBytes: 1,
      memoryHighPercent: 100,
    }).prune();
    expect(await harness.redis.zcard('{tr}:default:failed')).toBe(300);
    expect((await harness.reader.find(ids[0]!))?.state).toBe('dead_letter');
  });
});

describe('a burst of 100,000 tasks whose time is up', () => {
  it('is removed in small pieces, while tasks go on being run', async () => {
    const BURST = 100_000;
    await harness.redis.eval(
      `for i = 1, tonumber(ARGV[1]) do
         local id = 'old-' .. i
         redis.call('HSET', KEYS[1] .. 'default:' .. id, 'data', '{}', 'end', 'completed', 'finishedOn', i)
         redis.call('ZADD', KEYS[1] .. 'default:completed', i, id)
         redis.call('ZADD', KEYS[1] .. 'expiry', i, 'default:' .. id)
       end
       redis.call('HINCRBY', KEYS[1] .. 'history', 'default', 1702 * ARGV[1])`,
      1,
      '{tr}:',
      BURST,
    );
    const left = () => harness.redis.zcard('{tr}:expiry');
    working('complete');
    const seen: number[] = [];
    // As long as there are old ones left, tasks that come are run between the pieces.
    while ((seen.at(-1) ?? BURST) > 1000) {
      await endsAs('completed', await add());
      seen.push(await left());
    }
    expect(seen.length).toBeGreaterThan(10);
    await until(async () => (await harness.redis.exists('{tr}:default:old-100000')) === 0);
    await until(async () => (await left()) === seen.length);
    expect(await harness.redis.zcard('{tr}:default:completed')).toBe(seen.length);
    expect(Number(await harness.redis.hget('{tr}:history', 'default'))).toBeLessThan(seen.length * 4000);
  });
});
