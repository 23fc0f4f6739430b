import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.js';

/**
 * Refuses requests for other host names, which is what stops a web page from reaching a server on the visitor's own
 * machine under a name that it made point there (DNS rebinding).
 *
 * @param hosts host names without ports; empty lets every name through
 */
export function allowOnlyHosts(server: FastifyInstance, hosts: readonly string[]): void {
  server.addHook('onRequest', (request, _reply, done) => {
    done(request.headers.host === undefined && request.raw.httpVersion !== '1.0' ? noHost() : undefined);
  });
  if (hosts.length === 0) return;
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  server.addHook('onRequest', (request, _reply, done) => {
    done(allowed.has(request.hostname.toLowerCase()) ? undefined : misdirected(hosts));
  });
}

/** RFC 9112, section 3.2. */
function noHost(): ProblemError {
  const detail = 'A request needs a Host header.';
  return new ProblemError({ status: 400, code: 'malformed_request', detail });
}

function misdirected(hosts: readonly string[]): ProblemError {
  const detail = `This server answers only to ${hosts.join(', ')}.`;
  return new ProblemError({ status: 421, code: 'unknown_host', detail });
}
