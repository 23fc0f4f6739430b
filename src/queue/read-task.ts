import type { Attempt } from '../task/attempt.js';
import { LANES } from '../task/lane.js';
import { METHODS, type Task } from '../task/task.js';

/** Why a task is a dead letter whose data nobody can read any more. */
export const UNREADABLE = {
  code: 'unreadable_task',
  message: 'What is stored of the task cannot be read: something else has written to its key in Redis.',
} as const;

type Check = (value: unknown) => boolean;

/** Farther from 1970 there is no date (ECMA-262, 21.4.1.1). */
const LAST_MS = 8.64e15;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => Number.isFinite(value);
const isTime: Check = (value) => isNumber(value) && Math.abs(value as number) <= LAST_MS;
const oneOf =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const shaped = (fields: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(fields);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
};

const isCallTarget = shaped({
  url: (value) => isText(value) && URL.canParse(value as string),
  method: oneOf(METHODS),
  headers: listOf((pair) => listOf(isText)(pair) && (pair as unknown[]).length === 2),
  body: optional(shaped({ encoding: oneOf(['utf8', 'base64']), content: isText })),
  type: optional(isText),
  sealed: optional(isText),
});

const isHandlerTarget = shaped({
  type: isText,
  payload: (value) => isText(value) && parsed(value as string) !== undefined,
  sealed: optional(isText),
});

const isTask = shaped({
  id: isText,
  clientId: isText,
  queue: isText,
  lane: oneOf(LANES),
  target: (value) => isCallTarget(value) || isHandlerTarget(value),
  createdAt: isTime,
  scheduledAt: isTime,
  expiresAt: optional(isTime),
  maxRetries: isNumber,
  timeoutMs: isNumber,
  retry: shaped({
    strategy: isText,
    minBackoffMs: isNumber,
    maxBackoffMs: isNumber,
    delaysMs: optional(listOf(isNumber)),
    jitter: isNumber,
    permanentStatuses: optional(listOf(isNumber)),
    maxAgeMs: optional(isNumber),
  }),
  metadata: shaped({}),
  traceparent: optional(isText),
  depth: optional(isNumber),
  callbacks: optional(
    shaped({ url: optional(isText), failureUrl: optional(isText), sealed: optional(isText) }),
  ),
  scheduleId: optional(isText),
  callbackOf: optional(isText),
});

const isAttempt = shaped({
  number: isNumber,
  startedAt: isTime,
  endedAt: isTime,
  class: isText,
  error: optional(shaped({ code: isText, message: isText })),
  timings: shaped({ totalMs: isNumber }),
});

/** A task as it was stored; nothing when it is none, or not the one of that id, if it is known. */
export function readTask(id: string | undefined, data: string): Task | undefined {
  const task = parsed(data);
  return isTask(task) && (id === undefined || (task as Task).id === id) ? (task as Task) : undefined;
}

/** An attempt as it was stored; nothing when it is none. */
export function readAttempt(text: string): Attempt | undefined {
  const attempt = parsed(text);
  return isAttempt(attempt) ? (attempt as Attempt) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
