import type { ProblemError } from '../http/problem.js';
import type { Accepted } from '../queue/admission/admission.js';
import { rateLimitHeaders } from './enqueue-answer.js';

/** A task of a batch that was not stored. */
export interface Refused {
  readonly kind: 'refused';
  readonly problem: ProblemError;
  /** Nothing of a task that does not say it. */
  readonly clientId?: string;
}

type Headers = Readonly<Record<string, string>>;

/**
 * What the results of a batch say together: what is left to its client when it is the only one, and when to try again
 * when all of its tasks came too soon.
 */
export function batchHeaders(results: readonly (Accepted | Refused)[]): Headers {
  const refused = results.filter((result) => result.kind === 'refused');
  const accepted = results.filter((result) => result.kind !== 'refused');
  return accepted.length > 0 ? quotaHeaders(accepted) : retryHeaders(refused);
}

function quotaHeaders(accepted: readonly Accepted[]): Headers {
  const clients = new Set(accepted.map(({ receipt }) => receipt.clientId));
  const quotas = accepted.flatMap(({ quota }) => quota ?? []);
  const [least] = quotas.toSorted((one, other) => one.remaining - other.remaining);
  return clients.size === 1 && least ? rateLimitHeaders(least) : {};
}

/** The longest of the waits: after it, none of the clients is refused all of its tasks. */
function retryHeaders(refused: readonly Refused[]): Headers {
  const problems = refused.map(({ problem }) => problem.init);
  if (!problems.every(({ status }) => status === 429)) return {};
  const waitOf = (headers: Headers = {}): number => Number(headers['retry-after']);
  const [last] = problems.toSorted((one, other) => waitOf(other.headers) - waitOf(one.headers));
  const isOfOne = new Set(refused.map(({ clientId }) => clientId)).size === 1;
  const { 'retry-after': retryAfter = '', ...quota } = last?.headers ?? {};
  return { 'retry-after': retryAfter, ...(isOfOne && quota) };
}
