import type { KeyTerms } from '../clients/client-keys.js';
import { Faults } from '../task-request/faults.js';
import { readTime } from '../task-request/read-times.js';
import { invalidRequest } from '../http/problem.js';

/** What is said of a key or a secret when it is made. */
interface TermsRequest {
  readonly name?: string | null;
  readonly expires_at?: string | null;
}

/**
 * The terms of something that is made now.
 *
 * @param now Unix milliseconds
 * @throws ProblemError
 */
export function readTerms({ name, expires_at }: TermsRequest, now: number): KeyTerms {
  const faults = new Faults();
  const expiresAt = readTime(expires_at, '/expires_at', faults);
  if (expiresAt !== undefined && expiresAt <= now) faults.add('/expires_at', 'must be in the future');
  if (faults.list.length > 0) throw invalidRequest(faults.list);
  return { ...(name && { name }), createdAt: now, ...(expiresAt !== undefined && { expiresAt }) };
}
