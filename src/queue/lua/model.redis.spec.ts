import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import * as callers from '../../../test/support/model/callers.js';
import type { Happening, Real } from '../../../test/support/model/happening.js';
import {
  COMPLETED_FOR_MS,
  HELD_CLIENT,
  HELD_RULES,
  Model,
  SMALL_QUEUE,
} from '../../../test/support/model/model.js';
import * as operators from '../../../test/support/model/operators.js';
import * as purges from '../../../test/support/model/purges.js';
import * as workers from '../../../test/support/model/workers.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { ADMISSION_KEY } from '../../redis/keys.js';
import { encodeRules } from '../../../test/support/admission-rules.js';
import { queueField } from '../admission/admission-rules.js';

// Everything that may happen to a queue, in any order, on the real scripts and beside a model of what should come of
// it; at times that the test chooses.

const SEED = Number(process.env['TEST_SEED'] ?? 20_300_101);
const RUNS = 150 * Number(process.env['TEST_SCALE'] ?? 1);
const DAY = 86_400_000;

const { add, addAgain, cancel, runNow, retry, editDead, deleteDead, edit, setGate, advance } = callers;
const { setCircuit, sweep } = operators;
const { purge, clear, undo, makeFinal } = purges;
const { turn, crash, lateSettle, recover, prune } = workers;
/** In the proportions that find most. */
const HAPPENINGS: Happening[] = [
  ...[add, add, add, add, turn, turn, turn, turn, advance, advance],
  ...[
    setGate,
    setGate,
    cancel,
    retry,
    editDead,
    deleteDead,
    runNow,
    edit,
    crash,
    recover,
    recover,
    lateSettle,
    addAgain,
    prune,
  ],
  ...[setCircuit, sweep, purge, clear, undo, undo, makeFinal],
];

let harness: QueueHarness;
const clock = new ManualClock();
beforeAll(async () => {
  harness = await QueueHarness.start({ TASK_RETENTION_DAYS: String(COMPLETED_FOR_MS / DAY) }, clock);
});
afterAll(async () => {
  await harness.stop();
});

async function empty(): Promise<{ model: Model; real: Real }> {
  await harness.redis.flushdb();
  const model = new Model(() => clock.now());
  await harness.redis.hset(ADMISSION_KEY, HELD_CLIENT, encodeRules(HELD_RULES));
  await harness.redis.hset(ADMISSION_KEY, queueField(SMALL_QUEUE.name), SMALL_QUEUE.maxAlive);
  await harness.gates.set('h:http://slow.example', { perSecond: 2, burst: 2 });
  model.limits.set('h:http://slow.example', { perSecond: 2, burst: 2 });
  return { model, real: { harness, clock, dispatchers: ['one', 'two'], requests: 0 } };
}

it('whatever happens, every task is where it should be, and no slot is lost', async () => {
  process.stdout.write(`model: TEST_SEED=${SEED}, ${RUNS} runs\n`);
  const stories = fc.commands(HAPPENINGS, { maxCommands: 60, size: '+2' });
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      const { model, real } = await empty();
      await fc.asyncModelRun(() => ({ model, real }), story);
      await workers.runToTheEnd(model, real);
      expect(model.at('ended')).toHaveLength(model.tasks.size);
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 120_000);
