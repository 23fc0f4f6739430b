import {
  type NamedQueue,
  pauseAt,
  type QueuePause,
  type QueueRetention,
  type QueueSettings,
} from '../queue/queues/queue-settings.js';
import type { RetryChoice } from '../task/retry-policy.js';
import { formatTime } from '../time/rfc3339.js';
import type { QueueFigure } from '../queue/queues/queue-gauge.js';
import type { QueueRetentionView, QueueRetryView, QueueView } from './admin-queues.dto.js';
import { limitsView } from './limits.js';
import type { MeasuredQueueView, QueueDetailView } from './queue-figures.dto.js';

/** A queue as the API shows it: RFC 3339 times, seconds, and nothing of what is not set. */
export function queueView({ name, settings }: NamedQueue, now: number): QueueView {
  const { lane, maxAlive, retry, maxRetries, retention } = settings;
  return {
    name,
    lane,
    ...pauseView(pauseAt(now, settings)),
    ...limitsView(settings),
    ...(maxAlive !== undefined && { max_alive: maxAlive }),
    ...((retry ?? maxRetries !== undefined) && { retry: retryView({ maxRetries, ...retry }) }),
    ...(retention && { retention: retentionView(retention) }),
  };
}

/** How a queue is doing, beside what is set for it. */
export function measuredView(queue: NamedQueue, figure: QueueFigure, now: number): MeasuredQueueView {
  const { depth, inPerMinute, outPerMinute, oldestDueAt } = figure;
  return Object.assign(queueView(queue, now), {
    depth,
    in_per_minute: inPerMinute,
    out_per_minute: outPerMinute,
    ...(oldestDueAt !== undefined && {
      oldest_due_at: formatTime(oldestDueAt),
      oldest_age: Math.max(0, now - oldestDueAt) / 1000,
    }),
  });
}

const MEASURED: ReadonlySet<string> = new Set<Exclude<keyof QueueDetailView, keyof QueueView>>([
  ...(['depth', 'in_per_minute', 'out_per_minute', 'oldest_due_at', 'oldest_age', 'workers'] as const),
]);

/** Of such a view what is set for the queue, as `queueView` shows it. */
export function settingsOf(view: object): object {
  return Object.fromEntries(Object.entries(view).filter(([name]) => !MEASURED.has(name)));
}

function pauseView(
  pause: QueuePause | undefined,
): Pick<QueueView, 'state' | 'reason' | 'paused_at' | 'until'> {
  if (!pause) return { state: 'running' };
  return {
    state: 'paused',
    ...(pause.reason !== undefined && { reason: pause.reason }),
    paused_at: formatTime(pause.since),
    ...(pause.until !== undefined && { until: formatTime(pause.until) }),
  };
}

interface Shown extends RetryChoice {
  readonly maxRetries: QueueSettings['maxRetries'] | undefined;
}

function retryView(shown: Shown): QueueRetryView {
  const { maxRetries, strategy, jitter, delaysMs, permanentStatuses } = shown;
  return {
    ...(maxRetries !== undefined && { max_retries: maxRetries }),
    ...(strategy && { strategy }),
    ...(delaysMs && { delays: delaysMs.map((ms) => ms / 1000) }),
    ...(jitter !== undefined && { jitter }),
    ...(permanentStatuses && { permanent_statuses: permanentStatuses }),
    ...timesView(shown),
  };
}

function retentionView({ completedMs, deadMs }: QueueRetention): QueueRetentionView {
  return {
    ...(completedMs !== undefined && { completed: completedMs / 1000 }),
    ...(deadMs !== undefined && { dead: deadMs / 1000 }),
  };
}

function timesView({
  minBackoffMs,
  maxBackoffMs,
  maxAgeMs,
}: RetryChoice): Pick<QueueRetryView, 'min_backoff' | 'max_backoff' | 'max_age'> {
  return {
    ...(minBackoffMs !== undefined && { min_backoff: minBackoffMs / 1000 }),
    ...(maxBackoffMs !== undefined && { max_backoff: maxBackoffMs / 1000 }),
    ...(maxAgeMs !== undefined && { max_age: maxAgeMs / 1000 }),
  };
}
