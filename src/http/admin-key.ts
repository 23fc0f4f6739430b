import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { FastifyRequest } from 'fastify';
import { rememberAdminKey } from './actor.js';
import { FailureThrottle, tooManyWrongKeys } from './failure-throttle.js';
import { ProblemError } from './problem.js';
import { networkOf } from './sender-address.js';

/** How the admin API is protected: with a key, not at all, or shut because nobody said which. */
export type AdminAccess = { kind: 'key'; key: string } | { kind: 'open' } | { kind: 'shut' };

/** The admin key, and who sends it. */
export class AdminKey {
  private readonly failures = new FailureThrottle();
  private fingerprint: Promise<string> | undefined;

  constructor(private readonly access: AdminAccess) {}

  /**
   * Whether a request may do what admins may.
   *
   * @throws ProblemError when it may not
   */
  require(request: FastifyRequest): boolean | Promise<boolean> {
    if (this.access.kind === 'open') return true;
    if (this.access.kind === 'shut') throw notConfigured();
    this.check(this.access.key, request);
    return this.remember(this.access.key, request);
  }

  /** Whether everybody may do what admins may. */
  get isOpen(): boolean {
    return this.access.kind === 'open';
  }

  /**
   * Whether a request to a route that is not only for admins comes with the admin key. Without one to compare it with, it
   * does not.
   *
   * @throws ProblemError when it comes with a wrong one
   */
  isSentBy(request: FastifyRequest): boolean {
    if (this.access.kind !== 'key' || request.headers['x-admin-key'] === undefined) return false;
    this.check(this.access.key, request);
    return true;
  }

  /**
   * Whether a text that came otherwise than in the header is the admin key.
   *
   * @throws ProblemError when it is not
   */
  isGivenBy(request: FastifyRequest, given: string): boolean {
    if (this.access.kind !== 'key') throw keyRequired(false);
    this.check(this.access.key, request, given);
    return true;
  }

  private check(key: string, request: FastifyRequest, given: unknown = request.headers['x-admin-key']): void {
    const now = performance.now();
    const sender = networkOf(request.ip);
    const retryAfterMs = this.failures.retryAfterMs(sender, now);
    if (retryAfterMs > 0) throw tooManyWrongKeys('admin keys', retryAfterMs);
    if (typeof given === 'string' && sameSecret(given, key)) return;
    if (given !== undefined) this.failures.record(sender, now);
    throw keyRequired(given === undefined);
  }

  private async remember(key: string, request: FastifyRequest): Promise<true> {
    rememberAdminKey(request, await (this.fingerprint ??= fingerprintOf(key)));
    return true;
  }
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
export function sameSecret(given: string, expected: string): boolean {
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

function notConfigured(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'admin_not_configured',
    detail: 'The admin API is closed: set ADMIN_API_KEY, or ADMIN_AUTH=none to open it to everybody.',
  });
}
