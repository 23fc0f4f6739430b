import type { FieldError } from '../http/problem.js';
import type { AddressGuard } from '../net/address-policy.js';
import { checkTargetHeaders } from '../net/target-header.js';
import { parseTargetUrl } from '../net/target-url.js';
import { type Lane, LANE_NAMES, laneNamed } from '../task/lane.js';
import type { Task, TaskBody, TaskTarget } from '../task/task.js';
import { callerTaskId } from '../task/task-id.js';
import { parseDuration } from '../time/duration.js';
import { parseTime } from '../time/rfc3339.js';
import type { EnqueueRequest, TargetRequest } from './enqueue.dto.js';

/** What a deployment decides about every task. Times are milliseconds. */
export interface EnqueueRules {
  readonly guard: AddressGuard;
  readonly maxRetries: number;
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly horizonMs: number;
}

/** What one request brings besides its body. */
export interface Arrival {
  readonly now: number;
  readonly randomId: string;
  readonly traceparent?: string | undefined;
}

export type Translation = { readonly task: Task } | { readonly errors: readonly FieldError[] };

/** A request, whose shape was checked already, as the task it asks for; or every rule that it breaks. */
export function toTask(request: EnqueueRequest, rules: EnqueueRules, arrival: Arrival): Translation {
  const faults = new Faults();
  const lane = readLane(request.queue, faults);
  const task: Task = {
    id: request.task_id ? callerTaskId(request.client_id, request.task_id) : arrival.randomId,
    clientId: request.client_id,
    queue: lane,
    lane,
    target: readTarget(request.task, rules.guard, faults),
    createdAt: arrival.now,
    scheduledAt: readSchedule(request, rules, { now: arrival.now, faults }),
    maxRetries: request.max_retries ?? rules.maxRetries,
    timeoutMs: readTimeout(request.timeout, rules, faults),
    metadata: request.metadata ?? {},
    ...(isTraceparent(arrival.traceparent) && { traceparent: arrival.traceparent }),
  };
  return faults.list.length > 0 ? { errors: faults.list } : { task };
}

class Faults {
  readonly list: FieldError[] = [];

  /** Notes a fault and gives the value that stands in for what could not be read. */
  add<T>(pointer: string, detail: string, substitute: T): T {
    this.list.push({ pointer, detail });
    return substitute;
  }
}

function readLane(queue: string | null | undefined, faults: Faults): Lane {
  const lane = laneNamed(queue ?? 'default');
  return lane ?? faults.add('/queue', `is not a queue; use one of ${LANE_NAMES.join(', ')}`, 'default');
}

function readTarget(target: TargetRequest, guard: AddressGuard, faults: Faults): TaskTarget {
  const url = parseTargetUrl(target.url, guard);
  if (!url.ok) faults.add('/task/url', url.reason, undefined);
  const headers = Object.entries(target.headers ?? {});
  for (const { name, reason } of checkTargetHeaders(headers)) {
    faults.add(`/task/headers/${escape(name)}`, reason, undefined);
  }
  const body = readBody(target, faults);
  const addsType = target.json !== undefined && !headers.some(([name]) => /^content-type$/i.test(name));
  return {
    url: target.url,
    method: target.method ?? 'POST',
    headers: addsType ? [...headers, ['Content-Type', 'application/json']] : headers,
    ...(body && { body }),
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function readBody({ body, body_base64: base64, json }: TargetRequest, faults: Faults): TaskBody | undefined {
  const given = [body ?? undefined, base64 ?? undefined, json].filter((value) => value !== undefined);
  if (given.length > 1) faults.add('/task', 'must have only one of body, body_base64 and json', undefined);
  if (json !== undefined) return { encoding: 'utf8', content: JSON.stringify(json) };
  if (typeof base64 === 'string') {
    if (!BASE64.test(base64)) faults.add('/task/body_base64', 'must be standard base64 with padding', undefined);
    return { encoding: 'base64', content: base64 };
  }
  if (typeof body !== 'string') return undefined;
  if (!body.isWellFormed()) {
    faults.add('/task/body', 'has half a surrogate pair, which has no UTF-8; use body_base64 for bytes', undefined);
  }
  return { encoding: 'utf8', content: body };
}

function readSchedule(
  { delay, scheduled_at: at }: EnqueueRequest,
  { horizonMs }: EnqueueRules,
  { now, faults }: { now: number; faults: Faults },
): number {
  const delayMs = parseDuration(delay ?? 0);
  if (delayMs === undefined) faults.add('/delay', 'must be seconds ≥ 0 or a text like "90s", "10m", "2h"', undefined);
  const named = at == null ? undefined : parseTime(at);
  if (at != null && named === undefined) {
    faults.add('/scheduled_at', 'must be an RFC 3339 time with its zone, like 2026-01-31T09:00:00Z', undefined);
  }
  const due = Math.max(named ?? now + (delayMs ?? 0), now);
  if (due - now <= horizonMs) return due;
  const days = Math.round(horizonMs / 86_400_000);
  return faults.add(at == null ? '/delay' : '/scheduled_at', `must not be more than ${days} days ahead`, now);
}

function readTimeout(timeout: EnqueueRequest['timeout'], rules: EnqueueRules, faults: Faults): number {
  if (timeout == null) return rules.timeoutMs;
  const ms = parseDuration(timeout);
  if (ms !== undefined && ms > 0 && ms <= rules.maxTimeoutMs) return ms;
  const detail = `must be more than 0 and at most ${rules.maxTimeoutMs / 1000} seconds, or a text like "30s"`;
  return faults.add('/timeout', detail, rules.timeoutMs);
}

/** W3C Trace Context, section 3.2: version 00, and neither id all zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && TRACEPARENT.test(text);
}

/** RFC 6901, section 3. */
function escape(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
