import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { until } from '../../test/support/until.js';
import { Canary } from './canary.js';
import { FilterWork } from './filter-work.js';
import { parseOperation } from './operation-record.js';
import type { Operation, OperationSpec } from './operation.js';

let harness: QueueHarness;
let work: FilterWork;
const clock = new ManualClock();
beforeEach(async () => {
  harness = await QueueHarness.start({}, clock);
  work = new FilterWork(harness.queue, harness.reader, new Canary(harness.queue, harness.reader), clock);
});
afterEach(() => harness.stop());

const KEY = '{tr}:operation:op';

async function begun(spec: Partial<OperationSpec>): Promise<void> {
  const by = { address: '127.0.0.1', requestId: 'one' };
  const whole = { action: 'cancel', filter: {}, asked: {}, rate: 1000, isDryRun: false, by, ...spec };
  await harness.redis.hset(KEY, { spec: JSON.stringify(whole), createdAt: clock.now(), state: 'running' });
}

async function operation(): Promise<Operation> {
  return parseOperation('op', Object.entries(await harness.redis.hgetall(KEY)).flat())!;
}

/** One piece of work; what came of it is recorded, unless whoever did it dies before. */
async function step(dies = false): Promise<void> {
  const { progress } = await work.step(await operation());
  if (dies) return;
  await harness.redis.hset(KEY, { ...progress.set, startedAt: 1 });
  for (const [name, by] of Object.entries(progress.add ?? {})) await harness.redis.hincrby(KEY, name, by);
}

it('chooses as canary what died after the operation had begun, and sends it all the same', async () => {
  const [task] = await harness.add(1);
  await begun({ action: 'retry', filter: { dead: {} } });
  clock.advance(1000);
  harness.worker(1, () => Promise.resolve({ kind: 'dead_letter', reason: 'permanent_failure' }));
  const isDead = async () => (await harness.reader.find(task!.id))?.state === 'dead_letter';
  await until(isDead);
  await harness.drained();
  const { fingerprint } = (await harness.reader.find(task!.id))!;
  await begun({ action: 'retry', filter: { dead: { fingerprint } } });
  await harness.redis.hset(KEY, 'createdAt', clock.now() - 500);
  await step();
  expect((await operation()).canary).toMatchObject({ id: task!.id });
  await step();
  expect(await operation()).toMatchObject({ state: 'running', canary: { state: 'pending' } });
  expect(await isDead()).toBe(false);
});

it.each([
  ['cancel', { delayMs: 60_000 }, {}],
  ['reschedule', { delayMs: 60_000 }, { dueAt: clock.now() + 90_000 }],
] as const)(
  'counts each task once that it is to %s, whoever dies in between',
  async (action, fields, more) => {
    await harness.add(25, fields);
    await begun({ action, ...more, rate: 20 });
    for (let steps = 0; (await operation()).state === 'running'; steps++) await step(steps % 2 === 0);
    expect(await operation()).toMatchObject({ matched: 25, done: 25, skipped: {} });
  },
);
