import type { FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify';
import { ProblemError } from './problem.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A path that exists for other methods gets 405 and is told which (RFC 9110, section 15.5.6), not 404. */
export function refuseOtherMethods(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const allowed = request.is404 ? methodsOf(server, request) : [];
    done(allowed.length > 0 ? notAllowed(request.method, allowed) : undefined);
  });
}

function methodsOf(server: FastifyInstance, request: FastifyRequest): HTTPMethods[] {
  const url = request.url.split('?', 1)[0] ?? '';
  // It gives null for no route, whatever its type says.
  return METHODS.filter((method) => (server.findRoute({ method, url }) as object | null) !== null);
}

function notAllowed(method: string, allowed: readonly HTTPMethods[]): ProblemError {
  return new ProblemError({
    status: 405,
    code: 'method_not_allowed',
    detail: `${method} is not possible here; use ${allowed.join(' or ')}.`,
    headers: { allow: allowed.join(', ') },
  });
}
