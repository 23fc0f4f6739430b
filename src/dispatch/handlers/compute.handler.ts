import { setImmediate as nextTurn } from 'node:timers/promises';
import { COMPUTE } from '../../task-types/task-types.js';
import { type HandlerContext, Handles, type TaskTypeHandler } from './task-type-handler.js';

interface ComputePayload {
  readonly iterations?: number;
}

/** Between two pieces, each well below a millisecond, everything else in the worker has its turn. */
const AT_ONCE = 100_000;

/** Uses the processor: adds up the whole numbers below `iterations`. */
@Handles(COMPUTE)
export class ComputeHandler implements TaskTypeHandler {
  async run({ iterations = 1_000_000 }: ComputePayload, { signal }: HandlerContext): Promise<object> {
    let sum = 0;
    for (let from = 0; from < iterations; from += AT_ONCE) {
      signal.throwIfAborted();
      const until = Math.min(from + AT_ONCE, iterations);
      for (let n = from; n < until; n++) sum += n;
      await nextTurn();
    }
    return { iterations, result: sum };
  }
}
