import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { FastifyRequest } from 'fastify';
import { rememberAdminKey } from './actor.js';
import { GuardedSecret } from './guarded-secret.js';
import { ProblemError } from './problem.js';

/** How the admin API is protected: with a key, not at all, or shut because nobody said which. */
export type AdminAccess = { kind: 'key'; key: string } | { kind: 'open' } | { kind: 'shut' };

/** The admin key, and who sends it. */
export class AdminKey {
  /** Nothing: none is set. */
  private readonly secret: GuardedSecret | undefined;
  private fingerprint: Promise<string> | undefined;

  constructor(private readonly access: AdminAccess) {
    this.secret = access.kind === 'key' ? new GuardedSecret(access.key, 'admin keys') : undefined;
  }

  /**
   * Whether a request may do what admins may.
   *
   * @throws ProblemError when it may not
   */
  require(request: FastifyRequest): boolean | Promise<boolean> {
    if (this.access.kind === 'open') return true;
    if (this.access.kind === 'shut') throw notConfigured();
    this.check(request, request.headers['x-admin-key']);
    return this.remember(this.access.key, request);
  }

  /** Whether everybody may do what admins may. */
  get isOpen(): boolean {
    return this.access.kind === 'open';
  }

  /**
   * Whether a request to a route that is not only for admins comes with the admin key.
   *
   * @throws ProblemError when it comes with a wrong one; where none is set, there is no right one
   */
  isSentBy(request: FastifyRequest): boolean {
    const { 'x-admin-key': given } = request.headers;
    return given !== undefined && (this.isSet || given !== '') && this.check(request, given);
  }

  /** Whether there is one to compare with. */
  get isSet(): boolean {
    return this.secret !== undefined;
  }

  /** @throws ProblemError when a text that came otherwise than in the header is not the admin key */
  requireGiven(request: FastifyRequest, given: string): void {
    this.check(request, given);
  }

  private check(request: FastifyRequest, given: unknown): true {
    if (!this.secret) throw noneIsSet();
    if (this.secret.isGivenBy(request, given)) return true;
    throw keyRequired(given === undefined);
  }

  private async remember(key: string, request: FastifyRequest): Promise<true> {
    rememberAdminKey(request, await (this.fingerprint ??= fingerprintOf(key)));
    return true;
  }
}

/** Tells the key from others in the audit log. People choose it, so what is written down must be slow to guess from. */
async function fingerprintOf(key: string): Promise<string> {
  const digest = await promisify<string, string, number, Buffer>(scrypt)(key, 'task-runner admin key', 6);
  return digest.toString('hex');
}

function keyRequired(missing: boolean): ProblemError {
  return refusal(missing ? 'Send the admin key in X-Admin-Key.' : 'The admin key in X-Admin-Key is wrong.');
}

function noneIsSet(): ProblemError {
  return refusal('No admin key is set here (ADMIN_API_KEY), so that none is right. Leave X-Admin-Key out.');
}

function refusal(detail: string): ProblemError {
  return new ProblemError({ status: 401, code: 'admin_key_required', detail });
}

function notConfigured(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'admin_not_configured',
    detail: 'The admin API is closed: set ADMIN_API_KEY, or ADMIN_AUTH=none to open it to everybody.',
  });
}
