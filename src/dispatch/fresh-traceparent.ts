import { randomFillSync } from 'node:crypto';

const TRACE_ID_BYTES = 16;
const BYTES = TRACE_ID_BYTES + 8;
/** Drawn for many at a time: asking the system each time costs ten times the rest. */
const pool = Buffer.alloc(BYTES * 256);
let used = pool.length;

/** A W3C traceparent that begins a trace, not sampled. */
export function freshTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const middle = used + TRACE_ID_BYTES;
  const traceId = pool.toString('hex', used, middle);
  used += BYTES;
  return `00-${traceId}-${pool.toString('hex', middle, used)}-00`;
}
