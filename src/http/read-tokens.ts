import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { AdminKey } from './admin-key.js';
import { GuardedSecret } from './guarded-secret.js';
import { ProblemError } from './problem.js';
import { routeOf } from './route-of.js';

/** What machines read with a token of its own. */
export type Reading = 'metrics' | 'autoscale';

/** Of a route that opens with a token which opens nothing else, and with the admin key. */
export const OpensWithToken = (what: Reading): MethodDecorator => RouteConfig({ opensWithToken: what });

/** What a route opens for, if it opens with a token. */
export function readingOf(request: FastifyRequest): Reading | undefined {
  const { config } = routeOf(request);
  return 'opensWithToken' in config ? (config.opensWithToken as Reading) : undefined;
}

const BEARER = /^Bearer +(\S+) *$/i;

/** Tokens for reading. */
export class ReadTokens {
  private readonly tokens: Readonly<Record<Reading, GuardedSecret | undefined>>;

  /** @param tokens '' = none was set */
  constructor(
    { metrics, autoscale }: Readonly<Record<Reading, string>>,
    private readonly admin: AdminKey,
  ) {
    this.tokens = { metrics: guarded(metrics), autoscale: guarded(autoscale) };
  }

  /**
   * Without a token of its own the autoscale figures are for admins, and metrics for everybody.
   *
   * @throws ProblemError when a request may not read that
   */
  admit(what: Reading, request: FastifyRequest): boolean | Promise<boolean> {
    const token = this.tokens[what];
    if (!token) return what === 'metrics' || this.admin.require(request);
    const given = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined && this.admin.isSentBy(request)) return true;
    if (token.isGivenBy(request, given)) return true;
    throw tokenRequired();
  }
}

function guarded(token: string): GuardedSecret | undefined {
  return token === '' ? undefined : new GuardedSecret(token, 'tokens');
}

function tokenRequired(): ProblemError {
  return new ProblemError({
    status: 401,
    code: 'token_required',
    detail: 'Send the token for this in Authorization: Bearer, or the admin key in X-Admin-Key.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
