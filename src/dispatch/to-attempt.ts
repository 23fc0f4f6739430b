import type { ClaimedTask } from '../queue/task-handler.js';
import type { Attempt, AttemptTimings } from '../task/attempt.js';
import type { Outcome } from '../task/outcome.js';
import type { Reply } from './http-sender.js';

interface Times {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** An attempt as it is kept: when, how long, what came back. */
export function toAttempt(claimed: ClaimedTask, reply: Reply, outcome: Outcome, times: Times): Attempt {
  const response = outcome.class === 'rejected' ? answerText(reply) : '';
  return {
    number: claimed.attempt,
    ...times,
    class: outcome.class,
    ...('status' in outcome && { status: outcome.status }),
    ...('error' in outcome && { error: outcome.error }),
    ...('retryAfterMs' in outcome && { retryAfterMs: outcome.retryAfterMs }),
    timings: timingsOf(claimed, reply, times),
    ...(response !== '' && { response }),
  };
}

function timingsOf({ dueAt }: ClaimedTask, { timings }: Reply, { startedAt }: Times): AttemptTimings {
  return {
    ...(dueAt !== undefined && { queueMs: Math.max(0, startedAt - dueAt) }),
    ...(timings.connectMs !== undefined && { connectMs: toTenths(timings.connectMs) }),
    ...(timings.firstByteMs !== undefined && { firstByteMs: toTenths(timings.firstByteMs) }),
    totalMs: toTenths(timings.totalMs),
  };
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Bytes that are no text show as replacement characters: this is for people. */
function answerText(reply: Reply): string {
  return reply.kind === 'answered' ? reply.body.toString('utf8') : '';
}
