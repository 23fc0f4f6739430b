import fc from 'fast-check';
import type { TaskState } from '../../../src/task/task-state.js';
import type { ManualClock } from '../manual-clock.js';
import type { QueueHarness } from '../queue-harness.js';
import { compareBooks, readBooks } from './books.js';
import { HOUR, type Model } from './model.js';

/** The real queue, and who works on it. */
export interface Real {
  readonly harness: QueueHarness;
  readonly clock: ManualClock;
  /** The token of each dispatcher; one that dies comes back with another. */
  readonly dispatchers: string[];
  requests: number;
}

export type Happening = fc.Arbitrary<fc.AsyncCommand<Model, Real>>;

/** Does it to the queue and to its model, and compares on the way. */
type Act<T> = (model: Model, real: Real, given: T) => Promise<void> | void;

/** Something that may happen to a queue; all is compared after it. */
export function happening<T>(name: string, given: fc.Arbitrary<T>, act: Act<T>): Happening {
  return given.map((drawn) => ({
    check: () => true,
    run: async (model, real) => {
      await act(model, real, drawn);
      await compareAll(model, real);
    },
    toString: () => `${name}(${fc.stringify(drawn)})`,
  }));
}

export async function compareAll(model: Model, { harness }: Real): Promise<void> {
  const states = new Map<string, TaskState>();
  const look = async (id: string): Promise<void> => {
    const found = await harness.reader.find(id);
    if (found) states.set(id, found.state);
  };
  await Promise.all([...model.tasks.keys()].map(look));
  model.compareStates(states);
  compareBooks(model, await readBooks(harness.redis));
}

/** Which one of the tasks there are. */
export const nth = fc.nat({ max: 30 });
/** Now, in a moment, or in hours. */
export const shortly = fc.oneof(
  fc.constant(0),
  fc.constantFrom(1, 2),
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 1, max: 2 * HOUR }),
);
