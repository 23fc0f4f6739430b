import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { taskOf } from '../../../test/support/task-of.js';
import { loadConfig } from '../../config/load-config.js';
import { LANES } from '../../task/lane.js';
import { addTasks } from '../store/add-tasks.js';
import { additions, addRules } from '../../../test/support/adding.js';
import { stepSettings } from '../queue-rules.js';
import { step } from '../worker/step.js';

const clock = new ManualClock();
let harness: QueueHarness;
beforeAll(async () => {
  harness = await QueueHarness.start({}, clock);
});
afterAll(async () => {
  await harness.stop();
});

const perLane = <T>(each: fc.Arbitrary<T>) => fc.tuple(each, each, each, each);
const anyTurn = fc.record({
  mode: fc.constantFrom('weighted' as const, 'strict' as const),
  waiting: perLane(fc.nat({ max: 6 })),
  // Numbers that add up exactly, so that ties are ties.
  times: perLane(fc.nat({ max: 40 })),
  charges: perLane(fc.integer({ min: 1, max: 10 })),
  capacity: fc.nat({ max: 15 }),
});
type Turn = typeof anyTurn extends fc.Arbitrary<infer T> ? T : never;

/**
 * How many come from each lane: the one that is furthest behind goes next, of equals the most urgent; strictly, the most
 * urgent always. What one turn takes starts at once, so that the order within it does not matter.
 */
function expectedCounts({ mode, waiting, times, charges, capacity }: Turn): number[] {
  const [left, virtual, counts] = [[...waiting], [...times], [0, 0, 0, 0]];
  for (let n = 0; n < capacity; n++) {
    const lanes = [0, 1, 2, 3].filter((at) => left[at]! > 0);
    const least = Math.min(...lanes.map((at) => virtual[at]!));
    const next = lanes.find((at) => mode === 'strict' || virtual[at] === least);
    if (next === undefined) break;
    left[next]!--;
    virtual[next]! += charges[next]!;
    counts[next]!++;
  }
  return counts;
}

it('a turn takes from the lanes what their virtual times say, oldest task first', async () => {
  const settings = stepSettings(loadConfig({}), 'dispatcher');
  let requests = 0;
  await fc.assert(
    fc.asyncProperty(anyTurn, async (turn) => {
      await harness.redis.flushdb();
      const tasks = LANES.flatMap((lane, at) =>
        Array.from({ length: turn.waiting[at]! }, () => taskOf(clock.now(), { lane })),
      );
      const id = ++requests;
      const batch = { additions: additions(tasks), isAllOrNone: false, id: ['test', id] as const };
      await addTasks(harness.redis, batch, addRules(settings), clock.now());
      const request = { id: String(id), capacity: turn.capacity, settled: [] };
      const lanes = { laneTimes: turn.times, laneCharges: turn.charges };
      const { fetched, waiting } = await step(
        harness.redis,
        { ...settings, mode: turn.mode },
        { ...request, ...lanes },
        clock.now(),
      );
      const counts = expectedCounts(turn);
      for (const [at, lane] of LANES.entries()) {
        const ofLane = fetched.filter((each) => each.lane === lane).map(({ task }) => task.id);
        const stored = tasks.filter((task) => task.lane === lane).map((task) => task.id);
        expect(ofLane).toEqual(stored.slice(0, counts[at]));
        expect(waiting[at]).toBe(stored.length - counts[at]!);
      }
    }),
    { numRuns: 200 },
  );
});
