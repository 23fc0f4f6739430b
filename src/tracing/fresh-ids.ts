import { randomBytes } from 'node:crypto';

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
const DRAWN_DIGITS = 12_288;

/** Drawn for many at a time: asking the system each time costs ten times the rest. */
let digits = '';
let used = 0;

function fresh(count: number): string {
  if (used + count > digits.length) {
    digits = randomBytes(DRAWN_DIGITS / 2).toString('hex');
    used = 0;
  }
  used += count;
  return digits.slice(used - count, used);
}

/** Ids of W3C Trace Context, in hexadecimal digits. */
export const freshTraceId = (): string => fresh(TRACE_DIGITS);
export const freshSpanId = (): string => fresh(SPAN_DIGITS);

/** A W3C traceparent that begins a trace, not sampled. */
export function freshTraceparent(): string {
  return `00-${freshTraceId()}-${freshSpanId()}-00`;
}
