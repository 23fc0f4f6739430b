import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Config } from '../config/config.js';
import { loggableOrigin, loggableUrl } from '../logging/redact.js';
import { AttemptMetrics } from '../metrics/attempt-metrics.js';
import { hostOf } from '../queue/gates/host-gate.js';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { isCall, type Task, typeOf } from '../task/task.js';
import { type AttemptSpan, type SpanIds, Tracing } from '../tracing/tracing.js';

/** An attempt that was made. */
interface Tried {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
  readonly span: AttemptSpan;
}

/** A span, one wide line and the figures of each attempt: all there is to know about it, nothing that is secret. */
@Injectable()
export class AttemptLog {
  private readonly logger: PinoLogger['logger'];
  private readonly loggable: (url: string) => string;

  constructor(
    config: Config,
    private readonly metrics: AttemptMetrics,
    private readonly tracing: Tracing,
    { logger }: PinoLogger,
  ) {
    // What may not be read in Redis may not be read in the log.
    this.loggable = config.storage.encryptionKeys.length > 0 ? loggableOrigin : loggableUrl;
    // pino itself: Nest's logger copies a line twice on its way there. And without the search for secrets, of which a
    // line that is made of these fields alone has none.
    this.logger = logger.child({ context: 'Dispatch' }, { formatters: { log: (line) => line } });
  }

  /** An attempt begins. */
  begin(claimed: ClaimedTask): AttemptSpan {
    return this.tracing.attempt(claimed);
  }

  write(task: Task, { attempt, settlement, span }: Tried): void {
    span.ended(attempt, settlement);
    const { target } = task;
    const host = (): string => (isCall(target) ? hostOf(new URL(target.url)) : 'none');
    this.metrics.attempted(task, { attempt, settlement, host });
    const line = { ...wideLine(task, attempt, settlement, this.targetOf(task)), ...traceOf(task, span.ids) };
    // A dead letter needs a person; anything less is what retries are for.
    if (settlement.kind === 'dead_letter') this.logger.warn(line, 'attempt');
    else this.logger.info(line, 'attempt');
  }

  private targetOf({ target }: Task): object {
    return isCall(target) ? { method: target.method, url: this.loggable(target.url) } : {};
  }
}

function wideLine(task: Task, attempt: Attempt, settlement: Settlement, target: object): object {
  const { timings } = attempt;
  return {
    task_id: task.id,
    client_id: task.clientId,
    queue: task.queue,
    type: typeOf(task),
    ...target,
    attempt: attempt.number,
    max_attempts: task.maxRetries + 1,
    class: attempt.class,
    probe: attempt.isProbe,
    status: attempt.status,
    error_code: attempt.error?.code,
    error: isCall(task.target) ? attempt.error?.message : undefined,
    retry_after_ms: attempt.retryAfterMs,
    queue_ms: timings.queueMs,
    connect_ms: timings.connectMs,
    first_byte_ms: timings.firstByteMs,
    total_ms: timings.totalMs,
    settlement: settlement.kind,
    retry_in_ms: settlement.kind === 'retry' ? settlement.delayMs : undefined,
    dead_letter_reason: settlement.kind === 'dead_letter' ? settlement.reason : undefined,
  };
}

/** Without tracing: the trace of whoever enqueued it, if there is one. */
function traceOf({ traceparent }: Task, span: SpanIds | undefined): object {
  return { trace_id: span?.traceId ?? traceparent?.slice(3, 35), span_id: span?.spanId };
}
