import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { FailureThrottle, requirePatience } from './failure-throttle.js';
import { networkOf } from './sender-address.js';

/** A secret that everybody may try to say. Ten wrong ones in a minute, and the address that they come from is told to wait. */
export class GuardedSecret {
  private readonly failures = new FailureThrottle();
  private readonly guesses = FailureThrottle.ofGuesses();

  /** @param what it is one of, in the plural */
  constructor(
    private readonly secret: string,
    private readonly what: string,
  ) {}

  /**
   * Whether this is the secret. The right one is let in however many wrong ones come from its address: somebody there may
   * go on with one that was changed. Only when there are so many that it is guessing, nothing is compared any more.
   *
   * @param given what else than a text was sent is wrong, and nothing is no guess
   * @throws ProblemError 429
   */
  isGivenBy(request: FastifyRequest, given: unknown): boolean {
    const sender = networkOf(request.ip);
    requirePatience(this.guesses, sender, this.what);
    if (typeof given === 'string' && sameSecret(given, this.secret)) return true;
    if (given !== undefined) this.guesses.record(sender, performance.now());
    requirePatience(this.failures, sender, this.what);
    if (given !== undefined) this.failures.record(sender, performance.now());
    return false;
  }
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
