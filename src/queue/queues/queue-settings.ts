import { type Lane, LANES, laneNamed } from '../../task/lane.js';
import type { RetryChoice } from '../../task/retry-policy.js';
import type { GateLimits } from '../gates/gate.js';

/** Why a queue starts none of its tasks. Times are Unix milliseconds. */
export interface QueuePause {
  readonly reason?: string;
  /** It goes on by itself then. */
  readonly until?: number;
  readonly since: number;
}

/** How long tasks of a queue are kept that have ended, milliseconds; what is absent is as the deployment has it. */
export interface QueueRetention {
  /** Of those that were completed or cancelled or have expired. */
  readonly completedMs?: number;
  /** Of dead letters; 0 = for ever. */
  readonly deadMs?: number;
}

/** What is set for a queue: a lane, or a named one that is bound to a lane. What is absent is no limit and no rule. */
export interface QueueSettings {
  readonly lane: Lane;
  readonly paused?: QueuePause;
  readonly maxConcurrent?: number;
  readonly maxPerSecond?: number;
  readonly burst?: number;
  /** How many of its tasks may be alive, that is, have not ended; one more is not accepted. */
  readonly maxAlive?: number;
  /** Of tasks that do not say it themselves. */
  readonly retry?: RetryChoice;
  readonly maxRetries?: number;
  readonly retention?: QueueRetention;
}

export interface NamedQueue {
  readonly name: string;
  readonly settings: QueueSettings;
}

/** What a queue may be called. `normal` is a lane's other name, and is no queue of its own. */
export const QUEUE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** The lane whose own name this is; nothing for `normal`, which is only another name. */
export function laneItself(name: string): Lane | undefined {
  return LANES.find((lane) => lane === name);
}

/** The name under which a queue is kept: `default` for `normal`. Nothing when no queue can have this name. */
export function queueName(text: string): string | undefined {
  return laneNamed(text) ?? (QUEUE_NAME.test(text) ? text : undefined);
}

/** The pause of a queue that is not over yet. */
export function pauseAt(now: number, { paused }: QueueSettings): QueuePause | undefined {
  return paused && (paused.until ?? Infinity) > now ? paused : undefined;
}

export function resumed(settings: QueueSettings): QueueSettings {
  const running: { -readonly [K in keyof QueueSettings]: QueueSettings[K] } = { ...settings };
  delete running.paused;
  return running;
}

/** As the scripts read it when a task ends; the empty text when the queue has no rule of its own. */
export function retentionText({ retention }: QueueSettings): string {
  return retention ? `${retention.completedMs ?? ''};${retention.deadMs ?? ''}` : '';
}

/** What the dispatcher lets through for a queue. */
export function queueGate(settings: QueueSettings): GateLimits {
  const { paused, maxConcurrent, maxPerSecond, burst } = settings;
  return {
    ...(paused && { isShut: true }),
    ...(paused?.until !== undefined && { shutUntil: paused.until }),
    ...(maxConcurrent !== undefined && { maxRunning: maxConcurrent }),
    ...(maxPerSecond !== undefined && { perSecond: maxPerSecond }),
    ...(burst !== undefined && { burst }),
  };
}
