import type { FastifyInstance, FastifyRequest } from 'fastify';

type Route = FastifyRequest['routeOptions'];

const FOUND = 'foundRoute';

/** Makes room for it, so that requests keep their shape. */
export function rememberRoutes(server: FastifyInstance): void {
  server.decorateRequest(FOUND, null);
}

/**
 * The route of a request, as it was found first: a handler that gives up, and answers as if there was none, keeps it. Fastify writes down
 * all there is to know about it each time it is asked, which is many times for one request.
 */
export function routeOf(request: FastifyRequest & { [FOUND]?: Route | null }): Route {
  return (request[FOUND] ??= request.routeOptions);
}
