import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addRules } from '../../../test/support/adding.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { ADMISSION_KEY } from '../../redis/keys.js';
import { encodeRules } from '../../../test/support/admission-rules.js';
import type { AddResult } from '../admission/admission.js';
import { addTasks } from '../store/add-tasks.js';

const SEED = Number(process.env['TEST_SEED'] ?? 20_300_101);
const RUNS = 60 * Number(process.env['TEST_SCALE'] ?? 1);
const WINDOW_MS = 60_000;
const CLIENT = 'client-a';
const KEY = `{tr}:rate:${CLIENT}`;

let harness: QueueHarness;
const clock = new ManualClock();
let batches = 0;
beforeAll(async () => {
  harness = await QueueHarness.start({}, clock);
});
beforeEach(async () => {
  await harness.redis.flushdb();
});
afterAll(async () => {
  await harness.stop();
});

const limit = (requestsPerMinute: number) =>
  harness.redis.hset(
    ADMISSION_KEY,
    CLIENT,
    encodeRules({ version: 'v', isEnabled: true, requestsPerMinute }),
  );

/** So many requests in one batch. */
function request(count: number, isAllOrNone = false): Promise<AddResult[]> {
  const additions = Array.from({ length: count }, () => ({
    task: harness.task({ clientId: CLIENT, delayMs: WINDOW_MS }),
    admission: { version: 'v' },
  }));
  const id = ['test', ++batches] as const;
  return addTasks(harness.redis, { additions, isAllOrNone, id }, addRules(), clock.now());
}

/** Every request that was accepted, and nothing clever. */
class Plain {
  private accepted: number[] = [];

  request(count: number, most: number): AddResult['kind'][] {
    return Array.from({ length: count }, () => {
      if (this.counted() >= most) return 'rate_limited';
      this.accepted.push(clock.now());
      return 'added';
    });
  }

  counted(): number {
    this.accepted = this.accepted.filter((at) => at > clock.now() - WINDOW_MS);
    return this.accepted.length;
  }

  /** When there is room for some more. */
  roomAt(most: number, wanted = 1): number {
    const room = this.accepted[this.counted() + wanted - 1 - most];
    return (room ?? clock.now()) + WINDOW_MS;
  }
}

const pauses = [0, 1, 7, 500, 20_000, WINDOW_MS - 1, WINDOW_MS, 2 * WINDOW_MS];
const moment = fc.record({
  pauseMs: fc.oneof(fc.constantFrom(...pauses), fc.integer({ min: 0, max: 3000 })),
  count: fc.integer({ min: 1, max: 6 }),
  most: fc.option(fc.constantFrom(1, 2, 5, 10, 30), { freq: 8, nil: undefined }),
});

describe('the window of a client', () => {
  it('says the same as keeping every request would, whatever the times and the limits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { maxLength: 60, size: 'max' }), async (moments) => {
        await harness.redis.flushdb();
        const plain = new Plain();
        let most = 10;
        for (const { pauseMs, count, most: other } of moments) {
          clock.advance(pauseMs);
          most = other ?? most;
          await limit(most);
          const results = await request(count);
          expect(results.map(({ kind }) => kind)).toEqual(plain.request(count, most));
          const [last] = results.slice(-1);
          const { quota } = last as { quota: object };
          const remaining = Math.max(0, most - plain.counted());
          expect(quota).toMatchObject({ limit: most, remaining });
          if (last?.kind === 'rate_limited')
            expect(quota).toMatchObject({ resetMs: plain.roomAt(most) - clock.now() });
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);

  it('says of a batch that is all or none when there is room for all of it, and what is left as nothing was stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { maxLength: 30, size: 'max' }), async (moments) => {
        await harness.redis.flushdb();
        const plain = new Plain();
        await limit(10);
        for (const { pauseMs, count, most } of moments) {
          clock.advance(pauseMs);
          const wanted = Math.min(10, count + (most ?? 0));
          const free = 10 - plain.counted();
          const refused = (await request(wanted, true)).find(({ kind }) => kind === 'rate_limited');
          expect(refused !== undefined).toBe(wanted > free);
          if (!refused) plain.request(wanted, 10);
          else {
            const resetMs = plain.roomAt(10, wanted) - clock.now();
            expect(refused).toMatchObject({ quota: { limit: 10, remaining: free, resetMs } });
          }
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);

  it('asks room for a task once that a batch names twice', async () => {
    await limit(3);
    await request(1);
    clock.advance(10_000);
    await request(2);
    clock.advance(10_000);
    const task = harness.task({ clientId: CLIENT, delayMs: WINDOW_MS });
    const addition = { task, admission: { version: 'v' } };
    const id = ['test', ++batches] as const;
    const twice = { additions: [addition, addition], isAllOrNone: true, id };
    const [refused] = await addTasks(harness.redis, twice, addRules(), clock.now());
    expect(refused).toMatchObject({ kind: 'rate_limited', quota: { remaining: 0, resetMs: 40_000 } });
  });

  it('is as long as the limit at most, and forgets at once what a long pause has made old', async () => {
    await limit(700);
    for (let n = 0; n < 1000; n++) {
      await request(1);
      clock.advance(1);
    }
    expect(await harness.redis.llen(KEY)).toBe(701);
    expect(await harness.redis.pttl(KEY)).toBeGreaterThan(0);
    clock.advance(WINDOW_MS - 650);
    expect(await request(1)).toMatchObject([{ kind: 'added', quota: { remaining: 350 } }]);
    expect(await harness.redis.llen(KEY)).toBe(351);
    clock.advance(WINDOW_MS);
    expect(await request(1)).toMatchObject([{ quota: { remaining: 699 } }]);
    expect(await harness.redis.llen(KEY)).toBe(2);
  });

  it('counts once what comes in one millisecond', async () => {
    await limit(1000);
    for (let n = 0; n < 5; n++) await request(100);
    expect(await harness.redis.llen(KEY)).toBe(2);
    expect(await request(501)).toMatchObject({ 499: { kind: 'added' }, 500: { kind: 'rate_limited' } });
  });

  it('closes nobody out for longer than a minute when the clock is set back', async () => {
    await limit(2);
    await request(2);
    clock.advance(-30_000);
    expect((await request(1))[0]).toMatchObject({ kind: 'rate_limited', quota: { resetMs: 90_000 } });
    clock.advance(-3_600_000);
    expect((await request(3)).map(({ kind }) => kind)).toEqual(['added', 'added', 'rate_limited']);
  });
});
