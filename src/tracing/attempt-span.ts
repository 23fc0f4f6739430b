import { type Span, SpanKind, trace, ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import { destinationOf, failed, MESSAGING, serverOf } from './attributes.js';
import { traceparentOf } from './trace-context.js';
import type { AttemptSpan, BegunAttempt } from './tracing.js';

interface Tools {
  readonly tracer: Tracer;
  /** What of a URL may be told. */
  readonly shown: (url: string) => string;
}

/** The span of an attempt, with that of its call as a child. */
export function attemptSpan(span: Span, begun: BegunAttempt, tools: Tools): AttemptSpan {
  const { traceId, spanId } = span.spanContext();
  let call: Span | undefined;
  return {
    ids: { traceId, spanId },
    calls: () => {
      call = beginCall(span, begun, tools);
      return traceparentOf(call);
    },
    ended: (attempt, settlement) => {
      if (call) endCall(call, attempt);
      endAttempt(span, begun, { attempt, settlement });
    },
  };
}

function beginCall(parent: Span, { task, attempt }: BegunAttempt, { tracer, shown }: Tools): Span {
  const { method, url } = task.target;
  const within = trace.setSpan(ROOT_CONTEXT, parent);
  const call = tracer.startSpan(method, { kind: SpanKind.CLIENT }, within);
  if (call.isRecording()) {
    call.setAttributes({
      'http.request.method': method,
      'url.full': shown(url),
      ...serverOf(url),
      ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    });
  }
  return call;
}

function endCall(call: Span, attempt: Attempt): void {
  if (attempt.status !== undefined) call.setAttribute('http.response.status_code', attempt.status);
  fail(call, attempt);
  call.end();
}

interface Result {
  readonly attempt: Attempt;
  readonly settlement: Settlement;
}

function endAttempt(span: Span, begun: BegunAttempt, { attempt, settlement }: Result): void {
  if (span.isRecording()) {
    span.setAttributes({
      ...destinationOf(begun.task),
      [MESSAGING.operationType]: 'process',
      [MESSAGING.operationName]: 'attempt',
      'task_runner.attempt': begun.attempt,
      'task_runner.outcome': attempt.class,
      'task_runner.settlement': settlement.kind,
      ...(begun.isProbe === true && { 'task_runner.probe': true }),
    });
  }
  fail(span, attempt);
  span.end();
}

function fail(span: Span, { class: outcome, status, error }: Attempt): void {
  if (outcome !== 'succeeded') failed(span, error?.code ?? String(status ?? outcome));
}
