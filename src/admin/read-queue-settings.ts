import { Faults } from '../task-request/faults.js';
import { readTime } from '../task-request/read-times.js';
import { readDuration } from '../task-request/read-duration.js';
import { readRetryChoice } from '../task-request/read-retry.js';
import { laneItself, type QueuePause, QueueSettings, QUEUE_NAME } from '../queue/queues/queue-settings.js';
import { DAY_MS } from '../time/day.js';
import type { PauseQueueRequest, PutQueueRequest } from './admin-queues.dto.js';
import { readLimits } from './limits.js';

const LONGEST_RETENTION_MS = 3660 * DAY_MS;

/** What a request sets for a queue; adds every rule that it breaks to the faults. */
export function readQueueSettings(name: string, request: PutQueueRequest, faults: Faults): QueueSettings {
  const { max_alive: maxAlive } = request;
  return {
    lane: readLane(name, request, faults),
    ...readLimits(request, faults),
    ...(typeof maxAlive === 'number' && { maxAlive }),
    ...readRetry(request, faults),
    ...readRetention(request, faults),
  };
}

function readLane(name: string, { lane }: PutQueueRequest, faults: Faults): QueueSettings['lane'] {
  const itself = laneItself(name);
  if (itself && lane && lane !== itself) faults.add('/lane', `must be ${itself}: this queue is that lane`);
  if (!itself && !lane) faults.add('/lane', 'is required');
  return itself ?? lane ?? 'default';
}

type Retry = Pick<QueueSettings, 'retry' | 'maxRetries'>;

function readRetry({ retry }: PutQueueRequest, faults: Faults): Retry {
  if (!retry) return {};
  const { max_retries: maxRetries, ...policy } = retry;
  // What a deployment does unless something else is said; it can set the times, but not the strategy.
  const choice = readRetryChoice(policy, { strategy: 'exponential' }, faults);
  return {
    ...(Object.keys(choice).length > 0 && { retry: choice }),
    ...(typeof maxRetries === 'number' && { maxRetries }),
  };
}

function readRetention({ retention }: PutQueueRequest, faults: Faults): Pick<QueueSettings, 'retention'> {
  const read = (name: 'completed' | 'dead'): number | undefined =>
    readDuration(
      retention?.[name],
      { pointer: `/retention/${name}`, leastMs: 0, mostMs: LONGEST_RETENTION_MS },
      faults,
    );
  const [completedMs, deadMs] = [read('completed'), read('dead')];
  const chosen = {
    ...(completedMs !== undefined && { completedMs }),
    ...(deadMs !== undefined && { deadMs }),
  };
  return Object.keys(chosen).length > 0 ? { retention: chosen } : {};
}

export function readPause({ reason, until }: PauseQueueRequest, now: number, faults: Faults): QueuePause {
  const end = readUntil(until, now, faults);
  return { since: now, ...(reason && { reason }), ...(end !== undefined && { until: end }) };
}

/** The end of what an admin holds back, Unix milliseconds; nothing = when somebody says so. */
export function readUntil(until: string | null | undefined, now: number, faults: Faults): number | undefined {
  const end = readTime(until, '/until', faults);
  if (end !== undefined && end <= now) faults.add('/until', 'must be in the future');
  return end;
}

/** What is wrong with the name of a queue, or nothing. */
export function faultOfName(name: string): string | undefined {
  if (name === 'normal') return 'normal is another name of the lane default; use that';
  return QUEUE_NAME.test(name)
    ? undefined
    : 'The name of a queue is 1 to 63 lower-case letters, digits, hyphens and underscores, and begins with a letter or digit';
}
