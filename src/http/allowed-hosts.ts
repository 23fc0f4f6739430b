import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.js';

/** RFC 9110, section 7.2: a host, then perhaps a port. What else stands after a colon is no port. */
const HOST = /^(\[[0-9a-f:.]+\]|[^\s:[\]]*)(?::\d{0,5})?$/;

/**
 * Refuses requests for other host names, which is what stops a web page from reaching a server on the visitor's own
 * machine under a name that it made point there (DNS rebinding). A request that names two hosts, or one not as a host, is
 * refused whatever names are allowed (RFC 9112, section 3.2).
 *
 * @param hosts host names without ports, IPv6 addresses in brackets; empty lets every name through
 */
export function allowOnlyHosts(server: FastifyInstance, hosts: readonly string[]): void {
  const allowed = new Set(hosts.map(compared));
  server.addHook('onRequest', (request, _reply, done) => {
    const host = hostOf(request.raw);
    if (host === undefined) done(malformed());
    else done(allowed.size === 0 || allowed.has(host) ? undefined : misdirected(hosts));
  });
}

/** The host that a request names, without its port; empty when it names none. */
function hostOf(request: IncomingMessage): string | undefined {
  // HTTP/1.0 knows requests without one.
  const given = request.headers.host ?? (request.httpVersion === '1.0' ? '' : undefined);
  if (given === undefined || namesTwoHosts(request, given)) return undefined;
  const host = HOST.exec(given.toLowerCase())?.[1];
  return host === undefined ? undefined : compared(host);
}

/** The dot at the end of a name stands for the root of all names, and says nothing else. */
function compared(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function namesTwoHosts({ rawHeaders, url = '' }: IncomingMessage, host: string): boolean {
  return hasHostTwice(rawHeaders) || !agrees(url, host);
}

/** Of two, `headers` has the first only. */
function hasHostTwice(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

/** A target that is a whole URL names the host once more, and must not name another one (RFC 9112, 3.2.2). */
function agrees(target: string, host: string): boolean {
  if (target.startsWith('/')) return true;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
  return authority === undefined || authority.toLowerCase() === host.toLowerCase();
}

function malformed(): ProblemError {
  const detail =
    'A request needs exactly one Host header: a host, and after a colon its port. A URL as its target must name the same.';
  return new ProblemError({ status: 400, code: 'malformed_request', detail });
}

function misdirected(hosts: readonly string[]): ProblemError {
  const detail = `This server answers only to ${hosts.join(', ')}.`;
  return new ProblemError({ status: 421, code: 'unknown_host', detail });
}
