import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../http/problem.js';
import { routeOf } from '../http/route-of.js';
import type { LayoutWatch } from '../redis/layout-watch.js';

const RETRY_AFTER_SEC = 5;
/** What tells of this process rather than of what is stored. */
const STILL_ANSWERED = /^\/(health|metrics|version)(\/|$)/;

/** Answers 503 once a newer version has shut this process out: what it would store, the newer one may not understand. */
export function refuseWhenShutOut(server: FastifyInstance, watch: LayoutWatch): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const isRefused = watch.fault !== undefined && !STILL_ANSWERED.test(routeOf(request).url ?? '');
    done(isRefused ? shutOut() : undefined);
  });
}

function shutOut(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'shut_out',
    detail:
      'A newer version has changed what is stored, and this process does not understand it. Send the request again: another process may answer.',
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}
