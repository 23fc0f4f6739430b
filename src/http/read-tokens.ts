import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { type AdminKey, sameSecret } from './admin-key.js';
import { FailureThrottle, tooManyWrongKeys } from './failure-throttle.js';
import { ProblemError } from './problem.js';
import { networkOf } from './sender-address.js';

/** What machines read with a token of its own. */
export type Reading = 'metrics' | 'autoscale';

/** Of a route that opens with a token which opens nothing else, and with the admin key. */
export const OpensWithToken = (what: Reading): MethodDecorator => RouteConfig({ opensWithToken: what });

/** What a route opens for, if it opens with a token. */
export function readingOf({ routeOptions }: FastifyRequest): Reading | undefined {
  const { config } = routeOptions;
  return 'opensWithToken' in config ? (config.opensWithToken as Reading) : undefined;
}

const BEARER = /^Bearer +(\S+) *$/i;

/** Tokens for reading; '' = none was set. */
export class ReadTokens {
  private readonly failures = new FailureThrottle();

  constructor(
    private readonly tokens: Readonly<Record<Reading, string>>,
    private readonly admin: AdminKey,
  ) {}

  /**
   * Without a token of its own the autoscale figures are for admins, and metrics for everybody.
   *
   * @throws ProblemError when a request may not read that
   */
  admit(what: Reading, request: FastifyRequest): boolean | Promise<boolean> {
    const token = this.tokens[what];
    if (token === '') return what === 'metrics' || this.admin.require(request);
    const given = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined && this.admin.isSentBy(request)) return true;
    this.check(given, token, request);
    return true;
  }

  private check(given: string | undefined, token: string, request: FastifyRequest): void {
    const now = performance.now();
    const sender = networkOf(request.ip);
    const retryAfterMs = this.failures.retryAfterMs(sender, now);
    if (retryAfterMs > 0) throw tooManyWrongKeys('tokens', retryAfterMs);
    if (given !== undefined && sameSecret(given, token)) return;
    if (given !== undefined) this.failures.record(sender, now);
    throw tokenRequired();
  }
}

function tokenRequired(): ProblemError {
  return new ProblemError({
    status: 401,
    code: 'token_required',
    detail: 'Send the token for this in Authorization: Bearer, or the admin key in X-Admin-Key.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
