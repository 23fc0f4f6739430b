import type { SpanContext } from '@opentelemetry/api';

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** The span that a traceparent names; nothing when it is none. */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED, isRemote: true };
}

export function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & SAMPLED) === SAMPLED;
}

/** @param traceparent a valid one */
export function isMarkedSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-1), 16) & SAMPLED) === SAMPLED;
}

export function traceparentFor({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & SAMPLED}`;
}

/** The traceparent of a trace that is not kept. */
export function unsampled(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-00`;
}

/** @param traceparent a valid one */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
