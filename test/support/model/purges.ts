import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import { scripts } from '../../../src/operations/scripts.js';
import { happening, nth } from './happening.js';
import type { Model, ModelTask } from './model.js';

// Queues that are emptied, dead letters that are cleared, and both undone or made final.

const isOf = (queue: string) => (task: ModelTask) => task.stored.queue === queue;

const queue = fc.constantFrom('default', 'default', 'reports', 'low');
export const purge = happening('purge', queue, async (model, { harness }, given) => {
  const operation = randomUUID();
  const taken = model.at('waiting').filter(isOf(given));
  const running = [...model.at('running'), ...model.at('lost')].filter(isOf(given)).length;
  expect(await harness.purges.begin(operation, { queue: given })).toMatchObject({
    taken: taken.length,
    running,
  });
  for (let onward = 'begin'; onward !== '';)
    [onward] = await harness.purges.takeSome(operation, onward === 'begin' ? '' : onward);
  model.hide(operation, taken);
});

export const clear = happening('clear', fc.constant(undefined), async (model, { harness }) => {
  const operation = randomUUID();
  const dead = model.at('ended').filter(({ ending }) => ending === 'dead_letter');
  const taken = { taken: dead.length, running: 0 };
  expect(await harness.purges.begin(operation, 'dead letters')).toMatchObject(taken);
  model.hide(operation, dead);
});

function someOperation({ purged }: Model, given: number): string | undefined {
  return [...purged.keys()][given % Math.max(1, purged.size)];
}

export const undo = happening('undo', nth, async (model, { harness, clock }, given) => {
  const operation = someOperation(model, given);
  if (operation === undefined) return;
  const { redis } = harness;
  await redis.hset(`{tr}:operation:${operation}`, { state: 'done', undoUntil: clock.now() + 1, holder: '' });
  const args = [clock.now(), operation, 'undo', '', 0];
  expect(await scripts.wantOfOperation.run(redis, '{tr}:', args)).toBe('wanted');
  for (let left = 1; left > 0;) [, left] = await harness.purges.bringBackSome(operation);
  model.show(operation);
});

export const makeFinal = happening('makeFinal', nth, async (model, { harness }, given) => {
  const operation = someOperation(model, given);
  if (operation === undefined) return;
  while (await harness.purges.sweepSome(operation));
  model.purged.delete(operation);
});
