import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from '../http/route-of.js';
import { loggableUrl } from '../logging/redact.js';
import type { DescribedRequest, RequestSpan, Tracing } from '../tracing/tracing.js';

/** Asked every few seconds by machines. */
const UNTRACED = /^\/(health|metrics)(\/|$)/;

/** Where a request has its span. */
const SPAN = 'span';

type TracedRequest = FastifyRequest & { [SPAN]?: RequestSpan | null };

/** The span of a request that was answered, which ends with it; without tracing none. */
export function endTrace(request: TracedRequest, status: number): RequestSpan | undefined {
  const span = request[SPAN] ?? undefined;
  span?.ended(status);
  return span;
}

/** Begins a span for each request, with that of the caller as its parent. From then on the request comes from this span. */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  if (!tracing.state()) return;
  server.decorateRequest(SPAN, null);
  server.addHook('onRequest', (request, _reply, done) => {
    const route = routeOf(request).url;
    if (!UNTRACED.test(route ?? '')) begin(request, route, tracing);
    done();
  });
}

function begin(request: TracedRequest, route: string | undefined, tracing: Tracing): void {
  const { method, url, headers } = request;
  const describe = (): DescribedRequest => ({
    path: loggableUrl(url),
    host: headers.host ?? '',
    scheme: request.protocol,
  });
  const span = tracing.request({ method, route, traceparent: oneOf(headers['traceparent']) }, describe);
  if (!span) return;
  request[SPAN] = span;
  headers['traceparent'] = span.traceparent;
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
