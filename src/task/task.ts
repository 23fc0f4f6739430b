import type { Callbacks } from './callbacks.js';
import type { Lane } from './lane.js';
import type { RetryPolicy } from './retry-policy.js';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** The bytes to send: text is UTF-8, `base64` holds what is not text. */
export interface TaskBody {
  readonly encoding: 'utf8' | 'base64';
  readonly content: string;
}

/** An HTTP call to make. Header order and spelling are the caller's. */
export interface CallTarget {
  /** Of a typed task whose type was mapped to a URL when it was enqueued; the call of a URL has none. */
  readonly type?: string;
  readonly url: string;
  readonly method: Method;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: TaskBody;
  /** The call, encrypted: of a task as it is stored, or that no key at hand opens. Then `url` is the origin only. */
  readonly sealed?: string;
}

/** A payload for the handler that the workers have for its type. */
export interface HandlerTarget {
  readonly type: string;
  /** JSON. */
  readonly payload: string;
  /** The payload, encrypted: of a task as it is stored, or that no key at hand opens. Then `payload` is `null`. */
  readonly sealed?: string;
}

export type TaskTarget = CallTarget | HandlerTarget;

export function isCall(target: TaskTarget): target is CallTarget {
  return 'url' in target;
}

/** The type of what is a call of a URL, and nothing else. */
export const HTTP_TYPE = 'http';

/** What a type may be called. */
export const TYPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** By what metrics, lists and other systems' words know what a task asks for. */
export function typeOf({ target }: Pick<Task, 'target'>): string {
  return target.type ?? HTTP_TYPE;
}

/** One thing to do, with its schedule and its limits. Times are Unix milliseconds. */
export interface Task {
  /**
   * Random, or `<client_id>.<task_id>` when the caller chose it: no client can take another's. What comes behind an `@` the
   * product has added: nobody can have chosen it before.
   */
  readonly id: string;
  readonly clientId: string;
  readonly queue: string;
  readonly lane: Lane;
  readonly target: TaskTarget;
  readonly createdAt: number;
  /** When the first attempt is due; equals `createdAt` for "now". */
  readonly scheduledAt: number;
  /** Extra tries after the first: deliveries in total are 1 + maxRetries. */
  readonly maxRetries: number;
  readonly retry: RetryPolicy;
  /** No attempt is due after this. */
  readonly expiresAt?: number;
  /** One deadline over connect, headers and body of an attempt. */
  readonly timeoutMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** How many tasks in a row led to it, each enqueued by the call of the one before; nothing = none. */
  readonly depth?: number;
  /** W3C Trace Context of the request that enqueued it. */
  readonly traceparent?: string;
  readonly callbacks?: Callbacks;
  /** It is an occurrence of the schedule with this id (`<client_id>.<schedule_id>`). */
  readonly scheduleId?: string;
  /** It tells of the end of the task with this id. */
  readonly callbackOf?: string;
}
