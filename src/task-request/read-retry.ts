import { chooseRetry, type RetryChoice, type RetryPolicy } from '../task/retry-policy.js';
import { DAY_MS } from '../time/day.js';
import type { Faults } from './faults.js';
import { readDuration } from './read-duration.js';
import type { RetryRequest } from './retry.dto.js';

const LONGEST_WAIT_MS = 30 * DAY_MS;
const LONGEST_AGE_MS = 3660 * DAY_MS;

/** What holds where a request says nothing. */
type Strategy = Pick<RetryPolicy, 'strategy' | 'delaysMs'>;

/** The retry policy that a request asks for; what it leaves out is as the queue or the deployment has it. */
export function readRetry(
  request: RetryRequest | null | undefined,
  defaults: RetryPolicy,
  faults: Faults,
): RetryPolicy {
  return request ? chooseRetry(defaults, readRetryChoice(request, defaults, faults)) : defaults;
}

/** What a request says about retries, and nothing of what it leaves out. */
export function readRetryChoice(request: RetryRequest, defaults: Strategy, faults: Faults): RetryChoice {
  const { strategy, jitter } = request;
  return {
    ...(strategy && { strategy }),
    ...readBounds(request, defaults, faults),
    ...readDelays(request, defaults, faults),
    ...(typeof jitter === 'number' && { jitter }),
    ...readLimits(request, faults),
  };
}

type Bounds = Pick<RetryChoice, 'minBackoffMs' | 'maxBackoffMs'>;

function isList(request: RetryRequest, defaults: Strategy): boolean {
  return (request.strategy ?? defaults.strategy) === 'list';
}

function readBounds(request: RetryRequest, defaults: Strategy, faults: Faults): Bounds {
  if (isList(request, defaults)) return refuseBounds(request, faults);
  const min = readWait(request.min_backoff, '/retry/min_backoff', faults);
  const max = readWait(request.max_backoff, '/retry/max_backoff', faults);
  if (min !== undefined && max !== undefined && min > max) {
    faults.add('/retry/min_backoff', 'must not be more than max_backoff');
  }
  return {
    ...(min !== undefined && { minBackoffMs: min }),
    ...(max !== undefined && { maxBackoffMs: max }),
  };
}

/** Dropped in silence, they would make nobody wonder why the waits are others. */
function refuseBounds(request: RetryRequest, faults: Faults): Bounds {
  for (const name of ['min_backoff', 'max_backoff'] as const) {
    if (request[name] === undefined || request[name] === null) continue;
    faults.add(
      `/retry/${name}`,
      'is not for strategy list, which waits as delays says; name another strategy',
    );
  }
  return {};
}

function readDelays(
  request: RetryRequest,
  defaults: Strategy,
  faults: Faults,
): Pick<RetryChoice, 'delaysMs'> {
  const { delays } = request;
  if (!delays) {
    if (isList(request, defaults) && !defaults.delaysMs)
      faults.add('/retry/delays', 'is required with strategy list');
    return {};
  }
  if (!isList(request, defaults)) {
    faults.add('/retry/delays', 'is only for strategy list');
    return {};
  }
  return { delaysMs: delays.map((delay, at) => readEntry(delay, `/retry/delays/${at}`, faults)) };
}

/** Unlike a field, an entry cannot be left out. */
function readEntry(delay: unknown, pointer: string, faults: Faults): number {
  return readWait(delay ?? '', pointer, faults) ?? 0;
}

function readWait(value: unknown, pointer: string, faults: Faults): number | undefined {
  return readDuration(value, { pointer, leastMs: 0, mostMs: LONGEST_WAIT_MS }, faults);
}

type Limits = Pick<RetryChoice, 'permanentStatuses' | 'maxAgeMs'>;

function readLimits({ permanent_statuses, max_age }: RetryRequest, faults: Faults): Limits {
  const statuses = permanent_statuses ? readStatuses(permanent_statuses, faults) : undefined;
  const rule = { pointer: '/retry/max_age', leastMs: 1, mostMs: LONGEST_AGE_MS };
  const maxAgeMs = readDuration(max_age, rule, faults);
  return {
    ...(statuses && { permanentStatuses: statuses }),
    ...(maxAgeMs !== undefined && { maxAgeMs }),
  };
}

function readStatuses(given: readonly unknown[], faults: Faults): number[] {
  const wrong = given.flatMap((status, at) => (isFailure(status) ? [] : [at]));
  for (const at of wrong) {
    faults.add(`/retry/permanent_statuses/${at}`, 'must be a whole number from 100 to 599 and not 2xx');
  }
  return given.filter(isFailure);
}

/** A status that can be a failure. */
function isFailure(status: unknown): status is number {
  if (typeof status !== 'number' || !Number.isInteger(status)) return false;
  return status >= 100 && status <= 599 && Math.floor(status / 100) !== 2;
}
