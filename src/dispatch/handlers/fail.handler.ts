import { FAIL } from '../../task-types/task-types.js';
import { type HandlerContext, Handles, PermanentFailure, type TaskTypeHandler } from './task-type-handler.js';

interface FailPayload {
  readonly message?: string;
  readonly permanent?: boolean;
  readonly times?: number;
}

/** For trying out what becomes of a failure. */
@Handles(FAIL)
export class FailHandler implements TaskTypeHandler {
  run(
    { message = 'failed on purpose', permanent, times = Infinity }: FailPayload,
    context: HandlerContext,
  ): object {
    if (context.attempt > times) return { failed: times };
    throw permanent ? new PermanentFailure(message) : new Error(message);
  }
}
