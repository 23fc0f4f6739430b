import { expect, it } from 'vitest';
import { type Demand, desiredWorkers } from './desired-workers.js';

const bounds = { minWorkers: 1, maxWorkers: 20, drainSec: 60 };
const idle: Demand = { runnable: 0, busySlots: 0, heldWorkers: 0, slotsPerWorker: 10, meanAttemptMs: 1000 };
const want = (demand: Partial<Demand>) => desiredWorkers({ ...idle, ...demand }, bounds);

it.each([
  ['nothing to do: the fewest', {}, 1],
  ['what runs needs its slots', { busySlots: 31 }, 4],
  ['a backlog of 6,000 tasks of 1 s needs 100 slots to be gone in 60 s', { runnable: 6000 }, 10],
  ['the same of quick tasks needs one worker', { runnable: 6000, meanAttemptMs: 50 }, 1],
  ['no task wants more than one slot', { runnable: 15, meanAttemptMs: 3_600_000 }, 2],
  ['nobody knows how long tasks take: a second', { runnable: 6000, meanAttemptMs: undefined }, 10],
  ['never more than allowed', { runnable: 1_000_000 }, 20],
  ['those that are held do not work: others are wanted besides', { runnable: 1, heldWorkers: 2 }, 3],
  ['those that are held count among those allowed', { runnable: 1, heldWorkers: 30 }, 20],
  ['one more as soon as all slots are busy and something waits', { busySlots: 10, runnable: 1 }, 2],
])('%s', (_what, demand, workers) => {
  expect(want(demand)).toBe(workers);
});

it('scales to nothing where that is allowed', () => {
  expect(desiredWorkers(idle, { ...bounds, minWorkers: 0 })).toBe(0);
  expect(desiredWorkers({ ...idle, runnable: 1 }, { ...bounds, minWorkers: 0 })).toBe(1);
});
