import type { PinoLogger } from 'nestjs-pino';
import { loggableUrl } from './redact.js';
import { wideLines } from './wide-lines.js';

/** Asked every few seconds by machines; their lines would drown the others. */
const QUIET = /^\/(health|metrics)(\/|\?|$)/;

export interface LoggedRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  /** The route's pattern; nothing when no route matched. */
  readonly route: string | undefined;
  readonly status: number;
  readonly ms: number;
  readonly remote: string;
  /** That tells of it, too; nothing without tracing. */
  readonly span?: { readonly traceId: string; readonly spanId?: string | undefined } | undefined;
}

/**
 * One wide line per answered request. The caller's faults are news, not errors: ERROR is 0 in a healthy system.
 *
 * Goes to pino itself, because what Nest and nestjs-pino put in front of it costs as much as the line.
 *
 * @returns writes the line of a request
 */
export function requestLog(pino: PinoLogger): (request: LoggedRequest) => void {
  const logger = wideLines(pino.logger, 'Http');
  return ({ id, method, url, route, status, ms, remote, span }) => {
    const path = loggableUrl(url);
    const rounded = Math.round(ms * 10) / 10;
    logger[levelFor(url, status)](
      {
        req_id: id,
        method,
        path,
        route,
        status,
        ms: rounded,
        remote,
        trace_id: span?.traceId,
        span_id: span?.spanId,
      },
      'request',
    );
  };
}

function levelFor(url: string, status: number): 'debug' | 'info' | 'warn' | 'error' {
  if (QUIET.test(url)) return 'debug';
  if (status < 500) return 'info';
  return status === 500 ? 'error' : 'warn';
}
