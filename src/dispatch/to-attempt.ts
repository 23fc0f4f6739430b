import { StringDecoder } from 'node:string_decoder';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { Attempt, AttemptTimings } from '../task/attempt.js';
import type { Outcome } from '../task/outcome.js';
import type { HandlerReply } from './handlers/handler-reply.js';
import type { Reply, Timings } from './http-sender.js';

interface Times {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** An attempt as it is kept: when, how long, what came back. What does not apply is undefined, which is not written. */
export function toAttempt(
  claimed: ClaimedTask,
  reply: Reply | HandlerReply,
  outcome: Outcome,
  times: Times,
): Attempt {
  return {
    number: claimed.attempt,
    startedAt: times.startedAt,
    endedAt: times.endedAt,
    class: outcome.class,
    isProbe: claimed.isProbe ? true : undefined,
    status: 'status' in reply ? reply.status : undefined,
    error: 'error' in outcome ? outcome.error : undefined,
    retryAfterMs: 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined,
    timings: timingsOf(claimed, reply.timings, times),
    // Whoever is told of a success is told of the answer.
    response: outcome.class === 'rejected' || claimed.task.callbacks ? answerText(reply) : undefined,
    result: reply.kind === 'returned' ? reply.result : undefined,
  };
}

function timingsOf({ dueAt }: ClaimedTask, timings: Timings, { startedAt }: Times): AttemptTimings {
  return {
    queueMs: dueAt === undefined ? undefined : Math.max(0, startedAt - dueAt),
    connectMs: toTenths(timings.connectMs),
    firstByteMs: toTenths(timings.firstByteMs),
    totalMs: toTenths(timings.totalMs),
  };
}

function toTenths<T extends number | undefined>(ms: T): T {
  return (ms === undefined ? ms : Math.round(ms * 10) / 10) as T;
}

/** Bytes that are no text show as replacement characters: this is for people. A character that was cut is left out. */
function answerText(reply: Reply | HandlerReply): string | undefined {
  return (reply.kind === 'answered' && new StringDecoder('utf8').write(reply.body)) || undefined;
}
