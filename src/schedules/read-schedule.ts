import { randomUUID } from 'node:crypto';
import { invalidRequest } from '../http/problem.js';
import type { NamedQueue } from '../queue/queues/queue-settings.js';
import type { Task } from '../task/task.js';
import { DAY_MS } from '../time/day.js';
import { parseDuration } from '../time/duration.js';
import type { EnqueueRules } from '../task-request/enqueue-rules.js';
import { Faults } from '../task-request/faults.js';
import { readDuration } from '../task-request/read-duration.js';
import type { KnownType } from '../task-types/type-mapping.js';
import { toTask, type Translation } from '../task-request/to-task.js';
import type { PreviewRequest, ScheduleRequest } from './schedule.dto.js';
import type { Definition } from './schedule.js';
import { faultOfCron, isTimezone, type Timing } from './timing.js';

const LONGEST_EVERY_MS = 366 * DAY_MS;
const MOST_LATENESS_MS = 7 * DAY_MS;
const LATENESS_MS = 3_600_000;

export type Asked = ScheduleRequest & { client_id: string };

/** What surrounds a request. */
export interface Surroundings {
  readonly now: number;
  readonly rules: EnqueueRules;
  /** The queue that it names, if there is one. */
  readonly queue: NamedQueue | undefined;
  /** What is known of the type that it names. */
  readonly type: KnownType;
}

/** A schedule without its request, which is kept as it was sent; and the task that an occurrence would become now. */
export interface ReadSchedule {
  readonly definition: Omit<Definition, 'request' | 'createdAt'>;
  readonly task: Task;
}

/**
 * What a request asks for.
 *
 * @throws ProblemError with every rule that the request breaks, those of the task included
 */
export function readSchedule(request: Asked, around: Surroundings): ReadSchedule {
  const faults = new Faults();
  const timing = readTiming(request, around.now, faults);
  const lateness = { pointer: '/max_lateness', leastMs: 1000, mostMs: MOST_LATENESS_MS };
  const maxLatenessMs = readDuration(request.max_lateness, lateness, faults) ?? LATENESS_MS;
  const occurrence = occurrenceOf(request, around);
  if (faults.list.length > 0 || !timing || 'errors' in occurrence) {
    throw invalidRequest([...faults.list, ...('errors' in occurrence ? occurrence.errors : [])]);
  }
  const { client_id: clientId, schedule_id: scheduleId, overlap, misfire } = request;
  const chosen = { overlap: overlap ?? 'allow', misfire: misfire ?? 'once' } as const;
  const definition = { clientId, scheduleId, timing, maxLatenessMs, ...chosen, updatedAt: around.now };
  return { definition, task: occurrence.task };
}

/** The task that an occurrence becomes now, with an id of its own; or what speaks against it. */
export function occurrenceOf(request: Asked, { rules, ...around }: Surroundings): Translation {
  return toTask(request, rules, { ...around, randomId: randomUUID() });
}

/**
 * When it fires.
 *
 * @param now from when `every` counts, Unix milliseconds
 * @returns nothing when it is at fault
 */
export function readTiming(request: PreviewRequest, now: number, faults: Faults): Timing | undefined {
  const { cron = null, every = null } = request;
  const timezone = readTimezone(request, faults);
  if (cron !== null && every === null) return readCron(cron, timezone, faults);
  if (cron === null && every !== null) return readEvery(every, now, faults);
  faults.add('/cron', 'must be there, or `every`, and not both');
  return undefined;
}

function readTimezone({ timezone }: PreviewRequest, faults: Faults): string {
  const named = timezone ?? 'UTC';
  if (!isTimezone(named)) faults.add('/timezone', 'is not the name of a time zone, like Europe/Berlin');
  return named;
}

function readCron(cron: string, timezone: string, faults: Faults): Timing {
  const fault = faultOfCron(cron);
  if (fault !== undefined) faults.add('/cron', fault);
  return { kind: 'cron', cron: cron.trim(), timezone };
}

function readEvery(every: unknown, from: number, faults: Faults): Timing | undefined {
  const everyMs = parseDuration(every);
  if (everyMs !== undefined && everyMs >= 1000 && everyMs <= LONGEST_EVERY_MS)
    return { kind: 'every', everyMs, from };
  faults.add(
    '/every',
    'must be at least 1 s and at most 366 days, as seconds or a text like "90s", "15m", "2h"',
  );
  return undefined;
}
