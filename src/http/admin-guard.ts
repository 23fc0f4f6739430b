import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { rememberAdminKey } from './actor.js';
import { FailureThrottle } from './failure-throttle.js';
import { ProblemError } from './problem.js';

/** How the admin API is protected: with a key, not at all, or shut because nobody said which. */
export type AdminAccess = { kind: 'key'; key: string } | { kind: 'open' } | { kind: 'shut' };

export const ADMIN_ACCESS = Symbol('AdminAccess');

/** The routes that need no admin key. A route that is not below one of these needs it: new ones are born closed. */
const PUBLIC = ['/v1', '/health', '/version', '/metrics', '/docs', '/openapi.json'];

const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 60_000;

/** One guard for every route of the application. It asks the matched route, so no spelling of a URL gets around it. */
@Injectable()
export class AdminGuard implements CanActivate {
  private readonly failures = new FailureThrottle(MAX_FAILURES, FAILURE_WINDOW_MS);
  private fingerprint: Promise<string> | undefined;

  constructor(@Inject(ADMIN_ACCESS) private readonly access: AdminAccess) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (isPublic(request.routeOptions.url ?? '')) return true;
    if (this.access.kind === 'open') return true;
    if (this.access.kind === 'shut') throw notConfigured();
    this.requireKey(this.access.key, request);
    return this.remember(this.access.key, request);
  }

  private async remember(key: string, request: FastifyRequest): Promise<true> {
    rememberAdminKey(request, await (this.fingerprint ??= fingerprintOf(key)));
    return true;
  }

  private requireKey(key: string, request: FastifyRequest): void {
    const now = performance.now();
    const retryAfterMs = this.failures.retryAfterMs(request.ip, now);
    if (retryAfterMs > 0) throw tooManyFailures(retryAfterMs);
    const given = request.headers['x-admin-key'];
    if (typeof given === 'string' && sameSecret(given, key)) return;
    if (given !== undefined) this.failures.record(request.ip, now);
    throw keyRequired(given === undefined);
  }
}

function isPublic(route: string): boolean {
  return PUBLIC.some((prefix) => route === prefix || route.startsWith(`${prefix}/`));
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Tells the key from others in the audit log. People choose it, so what is written down must be slow to guess from. */
async function fingerprintOf(key: string): Promise<string> {
  const digest = await promisify<string, string, number, Buffer>(scrypt)(key, 'task-runner admin key', 6);
  return digest.toString('hex');
}

function keyRequired(missing: boolean): ProblemError {
  const detail = missing ? 'Send the admin key in X-Admin-Key.' : 'The admin key in X-Admin-Key is wrong.';
  return new ProblemError({ status: 401, code: 'admin_key_required', detail });
}

function tooManyFailures(retryAfterMs: number): ProblemError {
  return new ProblemError({
    status: 429,
    code: 'too_many_wrong_keys',
    detail: 'Too many wrong admin keys from this address. Wait a minute.',
    headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  });
}

function notConfigured(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'admin_not_configured',
    detail: 'The admin API is closed: set ADMIN_API_KEY, or ADMIN_AUTH=none to open it to everybody.',
  });
}
