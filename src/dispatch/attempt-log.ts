import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Config } from '../config/config.js';
import { loggableOrigin, loggableUrl } from '../logging/redact.js';
import { type WideFields, type WideLines, wideLines } from '../logging/wide-lines.js';
import { AttemptMetrics } from '../metrics/attempt-metrics.js';
import { hostOfUrl } from '../queue/gates/host-gate.js';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { isCall, type Task, typeOf } from '../task/task.js';
import { traceIdOf } from '../tracing/trace-context.js';
import { type AttemptSpan, Tracing } from '../tracing/tracing.js';

/** An attempt that was made. */
interface Tried {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
  readonly span: AttemptSpan;
}

/** A span, one wide line and the figures of each attempt: all there is to know about it, nothing that is secret. */
@Injectable()
export class AttemptLog {
  private readonly logger: WideLines;
  private readonly loggable: (url: string) => string;

  constructor(
    config: Config,
    private readonly metrics: AttemptMetrics,
    private readonly tracing: Tracing,
    { logger }: PinoLogger,
  ) {
    // What may not be read in Redis may not be read in the log.
    this.loggable = config.storage.encryptionKeys.length > 0 ? loggableOrigin : loggableUrl;
    // pino itself: Nest's logger copies a line twice on its way there.
    this.logger = wideLines(logger, 'Dispatch');
  }

  /** An attempt begins. */
  begin(claimed: ClaimedTask): AttemptSpan {
    return this.tracing.attempt(claimed);
  }

  write(task: Task, { attempt, settlement, span }: Tried): void {
    span.ended(attempt, settlement);
    const { target } = task;
    const host = isCall(target) ? hostOfUrl(target.url) : 'none';
    this.metrics.attempted(task, { attempt, settlement, host });
    const line = this.wideLine(task, { attempt, settlement, span });
    // A dead letter needs a person; anything less is what retries are for.
    if (settlement.kind === 'dead_letter') this.logger.warn(line, 'attempt');
    else this.logger.info(line, 'attempt');
  }

  private wideLine(task: Task, { attempt, settlement, span }: Tried): WideFields {
    const { target } = task;
    const { timings, error } = attempt;
    const call = isCall(target) ? target : undefined;
    return {
      task_id: task.id,
      client_id: task.clientId,
      queue: task.queue,
      type: typeOf(task),
      method: call?.method,
      url: call && this.loggable(call.url),
      attempt: attempt.number,
      max_attempts: task.maxRetries + 1,
      class: attempt.class,
      probe: attempt.isProbe,
      status: attempt.status,
      error_code: error?.code,
      // Of a handler it is made of the payload.
      error: call && error?.message,
      retry_after_ms: attempt.retryAfterMs,
      queue_ms: timings.queueMs,
      connect_ms: timings.connectMs,
      first_byte_ms: timings.firstByteMs,
      total_ms: timings.totalMs,
      settlement: settlement.kind,
      retry_in_ms: delayOf(settlement),
      dead_letter_reason: reasonOf(settlement),
      trace_id: traceOf(task, span),
      span_id: span.ids?.spanId,
    };
  }
}

function delayOf(settlement: Settlement): number | undefined {
  return settlement.kind === 'retry' ? settlement.delayMs : undefined;
}

function reasonOf(settlement: Settlement): string | undefined {
  return settlement.kind === 'dead_letter' ? settlement.reason : undefined;
}

/** Without a span that of whoever enqueued it, if there is one. */
function traceOf({ traceparent }: Task, { ids }: AttemptSpan): string | undefined {
  return ids?.traceId ?? (traceparent && traceIdOf(traceparent));
}
