import { isPlainObject } from '../../http/instantiate.js';
import { ProblemError } from '../../http/problem.js';
import { laneOf, type Priority, priorityNamed } from './priority.js';

/** Seconds. */
const TIMEOUT = 300;

/** What a request may say besides, in the words of `POST /v1/enqueue`. */
const EXTRAS = ['client_id', 'delay', 'scheduled_at', 'metadata', 'task_id'] as const;

/**
 * The body of `POST /api/v1/tasks` as one of `POST /v1/enqueue`, of which nothing else was checked yet.
 *
 * @param maxRetries unless it names a number; 0 is one, and none is meant by `null`
 * @throws ProblemError with the words of Task Queue Go
 */
export function readRequest(body: unknown, maxRetries: number): Record<string, unknown> {
  if (!isPlainObject(body)) throw refused('invalid request body');
  const request = body as Readonly<Record<string, unknown>>;
  const { type, max_retries: retries, timeout } = request;
  if (isAbsent(type) || type === '') throw refused('task type is required');
  const extras = EXTRAS.flatMap((name) => (request[name] === undefined ? [] : [[name, request[name]]]));
  return {
    ...(Object.fromEntries(extras) as object),
    type,
    ...readPayload(request['payload']),
    queue: laneOf(readPriority(request['priority'])),
    max_retries: retries ?? maxRetries,
    timeout: timeout ?? TIMEOUT,
  };
}

function readPayload(payload: unknown): object {
  if (isAbsent(payload)) return {};
  if (!isPlainObject(payload)) throw refused('invalid request body');
  return { payload };
}

function readPriority(value: unknown): Priority {
  const priority = isAbsent(value) ? 'normal' : priorityNamed(value);
  if (priority) return priority;
  throw refused('priority must be 0 (low), 1 (normal), 2 (high) or 3 (critical)');
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function refused(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: 'invalid_request', detail });
}
