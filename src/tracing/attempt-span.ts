import { type Span, SpanKind } from '@opentelemetry/api';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { destinationOf, failed, MESSAGING, serverOf } from './attributes.js';
import type { Begun, Spans } from './spans.js';
import type { AttemptSpan, BegunAttempt, Called } from './tracing.js';

/** The span of an attempt, with that of its call as a child. */
export class OtelAttemptSpan implements AttemptSpan {
  private readonly begun: Begun;
  private call: Span | undefined;

  /** @param shown what of a URL may be told */
  constructor(
    private readonly tried: BegunAttempt,
    private readonly spans: Spans,
    private readonly shown: (url: string) => string,
  ) {
    const { queue, traceparent } = tried.task;
    this.begun = spans.begin(`process ${queue}`, { kind: SpanKind.CONSUMER, traceparent, isLinked: true });
  }

  get ids(): Begun['ids'] {
    return this.begun.ids;
  }

  calls({ method, url }: Called): string {
    const { attempt } = this.tried;
    const { span, traceparent } = this.spans.begin(method, {
      kind: SpanKind.CLIENT,
      traceparent: this.begun.traceparent,
    });
    this.call = span?.setAttributes({
      'http.request.method': method,
      'url.full': this.shown(url),
      ...serverOf(url),
      ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    });
    return traceparent;
  }

  ended(attempt: Attempt, settlement: Settlement): void {
    if (this.call) end(this.call, attempt, statusOf(attempt));
    const { span } = this.begun;
    if (span) end(span, attempt, this.resultOf(attempt, settlement));
  }

  private resultOf(attempt: Attempt, settlement: Settlement): Attributes {
    const { task, attempt: number, isProbe = false } = this.tried;
    return {
      ...destinationOf(task),
      [MESSAGING.operationType]: 'process',
      [MESSAGING.operationName]: 'attempt',
      'task_runner.attempt': number,
      'task_runner.outcome': attempt.class,
      'task_runner.settlement': settlement.kind,
      ...(isProbe && { 'task_runner.probe': true }),
    };
  }
}

type Attributes = Parameters<Span['setAttributes']>[0];

function statusOf({ status }: Attempt): Attributes {
  return status === undefined ? {} : { 'http.response.status_code': status };
}

function end(span: Span, { class: outcome, status, error }: Attempt, attributes: Attributes): void {
  span.setAttributes(attributes);
  if (outcome !== 'succeeded') failed(span, error?.code ?? String(status ?? outcome));
  span.end();
}
