import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

const applyHelmet = helmet({
  // TLS ends in front of this server, so what a browser must insist on is said there.
  strictTransportSecurity: false,
  // Swagger UI brings its own styles inline; nothing else comes from outside.
  contentSecurityPolicy: {
    directives: {
      'default-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'upgrade-insecure-requests': null,
    },
  },
});

/** What browsers are told. The same for all, so it is asked for once and fits answers to what is no request, too. */
const SECURITY = collect();

/** The headers that every answer has, errors of any kind included. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { 'x-request-id': requestId, ...SECURITY };
}

/** Puts them on everything that a route, or no route, answers. To be called before any hook that may refuse. */
export function sendCommonHeaders(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers(commonHeaders(request.id));
    done();
  });
}

function collect(): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  applyHelmet({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return headers;
}
