import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.js';

/** Of these nothing changes (RFC 9110, 9.2.1); what they answer is for browsers to keep from pages of other origins. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what a web page of another origin sends to change something, without asking its visitor and from where only the
 * visitor can reach: a request without a body or with an odd content type needs no permission (CORS) to be sent.
 *
 * Browsers tell in `Sec-Fetch-Site` where a page is from, or, when they are older or there is no TLS, in `Origin`. Pages
 * can neither write nor remove them. Programs send neither, and are let through.
 *
 * @param origins whose pages may, as browsers write them: `https://ops.example.com`
 */
export function refuseOtherOrigins(server: FastifyInstance, origins: readonly string[]): void {
  server.addHook('onRequest', ({ method, headers }, _reply, done) => {
    if (SAFE.has(method) || isAllowedOrigin(headers, origins)) done();
    else done(crossOrigin());
  });
}

/** A page of a WebSocket may read what comes, and is not held back by CORS: there it must be asked of every request. */
export function isAllowedOrigin(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  return origins.includes(headers.origin ?? '') || isOfThisOrigin(headers);
}

/** `same-site` is not enough: that is also a page on another port of this machine, or under another name of the domain. */
function isOfThisOrigin({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return origin === undefined || hostOf(origin) === host?.toLowerCase();
}

/** Whether with or without TLS is not compared: it may end in front of this server. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1];
}

export function crossOrigin(): ProblemError {
  const detail =
    'A web page of another origin asked for this. Name its origin in ALLOWED_ORIGINS if its pages may change things here.';
  return new ProblemError({ status: 403, code: 'cross_origin', detail });
}
