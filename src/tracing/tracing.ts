import type { Attempt } from '../task/attempt.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';

/** A span as others are told of it. */
export interface SpanIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export interface BegunRequest {
  readonly method: string;
  /** The route's pattern; nothing when no route matched. */
  readonly route: string | undefined;
  /** Of the caller: W3C Trace Context. What is none is left out. */
  readonly traceparent: string | undefined;
}

/** What else is told of a request whose trace is kept. */
export interface DescribedRequest {
  /** Without its query. */
  readonly path: string;
  /** Of the server, as the request names it, with its port. */
  readonly host: string;
  readonly scheme: string;
}

/** A request to this server. */
export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; nothing when the trace is not kept: then there is no span to be found by it. */
  readonly spanId?: string | undefined;
  /** What comes of the request has this parent. */
  readonly traceparent: string;
  ended(status: number): void;
}

/** A task on its way into the queue. */
export interface EnqueueSpan {
  /** The task as it has to be stored: attempts find the span by it. */
  readonly task: Task;
  /** @param refusal why it was not stored, one of few words; nothing when it was */
  ended(refusal?: string): void;
}

/** What an attempt calls. */
export interface Called {
  readonly method: string;
  readonly url: string;
}

/** An attempt, and its call within. */
export interface AttemptSpan {
  /** Nothing without tracing, and when the trace is not kept: then there is no span to be found. */
  readonly ids: SpanIds | undefined;
  /** The call begins. @returns the `traceparent` to send with it; nothing without tracing */
  calls(called: Called): string | undefined;
  ended(attempt: Attempt, settlement: Settlement): void;
}

/** An attempt that is to be made. */
export interface BegunAttempt {
  readonly task: Task;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly isProbe?: boolean;
}

/** How sending goes, for operators. */
export interface TracingState {
  readonly endpoint: string;
  readonly sent: number;
  readonly lost: number;
  /** Why the last try failed; nothing when it did not. */
  readonly fault?: string;
}

/** Told how many spans the collector has taken, and how many were lost. */
export interface SpanMeter {
  exported(spans: number): void;
  lost(spans: number): void;
}

/**
 * Tells where the time of requests and tasks goes. What it tells has names, numbers and addresses, and never a body, a header, a
 * query or the credentials of a URL.
 */
export abstract class Tracing {
  /** Nothing without tracing. */
  abstract request(begun: BegunRequest, describe: () => DescribedRequest): RequestSpan | undefined;
  abstract enqueue(task: Task): EnqueueSpan;
  abstract attempt(begun: BegunAttempt): AttemptSpan;
  /** Nothing without tracing. */
  abstract state(): TracingState | undefined;
  abstract meterBy(meter: SpanMeter): void;
  /** Sends what waits, for two seconds at most. */
  abstract close(): Promise<void>;
}

const nothing = (): undefined => undefined;
const NO_ATTEMPT: AttemptSpan = { ids: undefined, calls: nothing, ended: nothing };

/** Without an endpoint: costs nothing, and loads nothing. */
export class NoTracing extends Tracing {
  override request(): undefined {
    // Nobody asked for it.
  }
  override enqueue(task: Task): EnqueueSpan {
    return { task, ended: nothing };
  }
  override attempt(): AttemptSpan {
    return NO_ATTEMPT;
  }
  override state(): undefined {
    // There is none.
  }
  override meterBy(): void {
    // There is nothing to count.
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}
