import type { TargetRequest } from '../task-request/enqueue.dto.js';
import { Faults } from '../task-request/faults.js';
import { readCallbacks } from '../task-request/read-callbacks.js';
import { readExpiry } from '../task-request/read-expiry.js';
import { readTarget } from '../task-request/read-target.js';
import { readPayload } from '../task-request/read-work.js';
import { readSchedule, readTimeout } from '../task-request/read-times.js';
import type { EnqueueRules } from '../task-request/enqueue-rules.js';
import type { FieldError } from '../http/problem.js';
import type { Callbacks } from '../task/callbacks.js';
import type { KnownType } from '../task-types/type-mapping.js';
import { type CallTarget, isCall, type Task, type TaskTarget } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import type { EditRequest, TargetEdit } from './edit.dto.js';

/** What applies to a stored task. */
export interface RulesOfTask extends EnqueueRules {
  /** Of its type, which may have been mapped otherwise since. */
  readonly known: KnownType;
}

export interface EditCircumstances {
  readonly rules: RulesOfTask;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Whether an edit says anew when the task is due. */
export function isRescheduled({ delay, scheduled_at }: EditRequest): boolean {
  return delay !== undefined || scheduled_at !== undefined;
}

/** A task as an edit, whose shape was checked already, makes it; or every rule that it breaks. */
export function toEdited(
  request: EditRequest,
  before: Task,
  { rules, now }: EditCircumstances,
): { readonly task: Task } | { readonly errors: readonly FieldError[] } {
  const faults = new Faults();
  const { expiresAt: expiredAt, callbacks: calledBack, ...rest } = before;
  const scheduledAt = isRescheduled(request)
    ? readSchedule(request, { now, horizonMs: rules.horizonMs }, faults)
    : before.scheduledAt;
  const expiresAt = hasOtherTimes(request)
    ? readExpiry(expiryAsked(request, expiredAt), { now, scheduledAt }, faults)
    : expiredAt;
  const callbacks = namesCallbacks(request)
    ? readCallbacks(callbacksAsked(request, calledBack), rules.guard, faults)
    : calledBack;
  const task: Task = {
    ...rest,
    ...(callbacks && { callbacks }),
    scheduledAt,
    ...(expiresAt !== undefined && { expiresAt }),
    ...limitsOf(request, before, rules),
    ...(request.timeout !== undefined && { timeoutMs: readTimeout(request.timeout, rules, faults) }),
    target: targetEdited(request, before.target, rules, faults),
  };
  return faults.list.length > 0 ? { errors: faults.list } : { task };
}

export function namesCallbacks({ callback_url, failure_callback_url }: EditRequest): boolean {
  return callback_url !== undefined || failure_callback_url !== undefined;
}

/** Who is to be told, as a request that enqueues the task would write it: what is absent stays. */
function callbacksAsked(
  { callback_url: url, failure_callback_url: failureUrl }: EditRequest,
  before: Callbacks = {},
): Pick<EditRequest, 'callback_url' | 'failure_callback_url'> {
  const [asked, askedOfFailures] = [
    url === undefined ? before.url : url,
    failureUrl === undefined ? before.failureUrl : failureUrl,
  ];
  return {
    ...(asked && { callback_url: asked }),
    ...(askedOfFailures && { failure_callback_url: askedOfFailures }),
  };
}

type Guard = Pick<RulesOfTask, 'guard'>;

/** What a task asks for stays of its kind. */
function targetEdited(
  request: EditRequest,
  before: TaskTarget,
  { guard, known }: Pick<RulesOfTask, 'guard' | 'known'>,
  faults: Faults,
): TaskTarget {
  const { task, payload } = request;
  if (isCall(before) && task) return callEdited(request, task, { before, guard }, faults);
  if (isCall(before)) return payload === undefined ? before : mappedEdited(payload, before, known, faults);
  if (task) faults.add('/task', 'is not there: this is a typed task, which has a payload');
  if (payload === undefined) return before;
  return { ...before, payload: readPayload(before.type, payload, known, faults) };
}

/** Of a type that is mapped to a URL. */
function mappedEdited(payload: unknown, before: CallTarget, known: KnownType, faults: Faults): CallTarget {
  if (before.type === undefined) faults.add('/payload', 'is not there: this is a call, to be edited in task');
  const content = readPayload(before.type ?? '', payload, known, faults);
  return { ...before, body: { encoding: 'utf8', content } };
}

function callEdited(
  { payload }: EditRequest,
  task: TargetEdit,
  { before, guard }: Guard & { readonly before: CallTarget },
  faults: Faults,
): CallTarget {
  const { type } = before;
  if (payload !== undefined) faults.add('/payload', 'must not be there together with task');
  requireOwnHeaders(task, before, faults);
  const target = readTarget(targetAsked(task, before), guard, faults);
  return type === undefined ? target : { ...target, type };
}

/**
 * Headers are credentials, and not shown: whoever could have a call go to a server of his own would read them. Those of a
 * mapped type are not even the client's.
 */
function requireOwnHeaders({ url, headers }: TargetEdit, before: CallTarget, faults: Faults): void {
  if (typeof url !== 'string' || url === before.url || headers !== undefined) return;
  const hasNone = before.headers.every(([name]) => name.toLowerCase() === 'content-type');
  if (hasNone || (before.type === undefined && isSameOrigin(url, before.url))) return;
  faults.add(
    '/task/headers',
    'must be said anew with this url, as those that are stored are for the one before; {} is none',
  );
}

function isSameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && new URL(one).origin === new URL(other).origin;
}

function limitsOf(
  { max_retries, metadata }: EditRequest,
  before: Task,
  rules: EnqueueRules,
): Pick<Task, 'maxRetries' | 'metadata'> {
  return {
    maxRetries: max_retries === undefined ? before.maxRetries : (max_retries ?? rules.maxRetries),
    metadata: metadata === undefined ? before.metadata : (metadata ?? {}),
  };
}

function hasOtherTimes(request: EditRequest): boolean {
  return isRescheduled(request) || namesExpiry(request);
}

function namesExpiry({ expires_at, ttl }: EditRequest): boolean {
  return expires_at !== undefined || ttl !== undefined;
}

/** An expiry that stays has to fit to when the task is due now. */
function expiryAsked(
  request: EditRequest,
  before: number | undefined,
): Pick<EditRequest, 'expires_at' | 'ttl'> {
  if (namesExpiry(request) || before === undefined) return request;
  return { expires_at: formatTime(before) };
}

const BODIES = ['body', 'body_base64', 'json'] as const;

/** The whole call as a request that enqueues it would write it. */
function targetAsked(edit: TargetEdit, before: CallTarget): TargetRequest {
  const hasBody = BODIES.some((name) => edit[name] !== undefined);
  return {
    url: edit.url === undefined ? before.url : addressAsked(edit.url),
    method: edit.method === undefined ? before.method : edit.method,
    headers: edit.headers === undefined ? Object.fromEntries(before.headers) : edit.headers,
    ...(hasBody ? bodyOf(edit) : bodyBefore(before)),
  };
}

/** An address has no default: `null` is none, and refused as such. */
function addressAsked(url: string | null): string {
  return url ?? '';
}

function bodyOf({ body, body_base64, json }: TargetEdit): Pick<TargetRequest, (typeof BODIES)[number]> {
  return {
    ...(body !== undefined && { body }),
    ...(body_base64 !== undefined && { body_base64 }),
    ...(json !== undefined && { json }),
  };
}

function bodyBefore({ body }: CallTarget): Pick<TargetRequest, (typeof BODIES)[number]> {
  if (!body) return {};
  return body.encoding === 'base64' ? { body_base64: body.content } : { body: body.content };
}
