import type { FieldError } from '../http/problem.js';
import type { NamedQueue } from '../queue/queues/queue-settings.js';
import type { Task } from '../task/task.js';
import { callerTaskId } from '../task/task-id.js';
import type { KnownType } from '../task-types/type-mapping.js';
import type { EnqueueRules } from './enqueue-rules.js';
import { Faults } from './faults.js';
import type { NamedRequest } from './enqueue.dto.js';
import { readCallbacks } from './read-callbacks.js';
import { readExpiry } from './read-expiry.js';
import { readQueue } from './read-queue.js';
import { readRetry } from './read-retry.js';
import { readSchedule, readTimeout, type Timeouts } from './read-times.js';
import { readWork } from './read-work.js';

/** What one request brings besides its body. */
export interface Arrival {
  readonly now: number;
  /** The queue that the request names, if there is one of that name. */
  readonly queue: NamedQueue | undefined;
  /** What is known of the type that it names. */
  readonly type: KnownType;
  readonly randomId: string;
  readonly traceparent?: string | undefined;
  /** How many tasks in a row led to the request. */
  readonly depth?: number;
}

export type Translation = { readonly task: Task } | { readonly errors: readonly FieldError[] };

/** A request, whose shape was checked already, as the task it asks for; or every rule that it breaks. */
export function toTask(request: NamedRequest, rules: EnqueueRules, arrival: Arrival): Translation {
  const faults = new Faults();
  const { now } = arrival;
  const clientId = readClientId(request, faults);
  const { queue, lane, ...defaults } = readQueue(arrival.queue, rules, faults);
  const scheduledAt = readSchedule(request, { now, horizonMs: rules.horizonMs }, faults);
  const expiresAt = readExpiry(request, { now, scheduledAt }, faults);
  const callbacks = readCallbacks(request, rules.guard, faults);
  const task: Task = {
    id: request.task_id ? callerTaskId(clientId, request.task_id) : arrival.randomId,
    clientId,
    queue,
    lane,
    target: readWork(request, { guard: rules.guard, known: arrival.type }, faults),
    createdAt: now,
    scheduledAt,
    ...(expiresAt !== undefined && { expiresAt }),
    maxRetries: request.max_retries ?? defaults.maxRetries,
    retry: readRetry(request.retry, defaults.retry, faults),
    timeoutMs: readTimeout(request.timeout, timeoutsOf(rules, arrival), faults),
    metadata: request.metadata ?? {},
    ...originOf(arrival),
    ...(callbacks && { callbacks }),
  };
  return faults.list.length > 0 ? { errors: faults.list } : { task };
}

/** What led to it. */
function originOf({ depth, traceparent }: Arrival): Pick<Task, 'depth' | 'traceparent'> {
  return { ...(depth && { depth }), ...(isTraceparent(traceparent) && { traceparent }) };
}

/** That of its type stands in for that of the deployment. */
function timeoutsOf({ timeoutMs, maxTimeoutMs }: EnqueueRules, { type }: Arrival): Timeouts {
  return { timeoutMs: type.mapping?.timeoutMs ?? timeoutMs, maxTimeoutMs };
}

function readClientId({ client_id }: NamedRequest, faults: Faults): string {
  if (client_id === '') faults.add('/client_id', 'is required; only an API key can say it instead');
  return client_id;
}

/** W3C Trace Context, section 3.2: version 00, and neither id all zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && TRACEPARENT.test(text);
}
