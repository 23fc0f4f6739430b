import { randomUUID } from 'node:crypto';
import { isCall, type Task } from '../../src/task/task.js';

export type TaskFields = Partial<Task> & { delayMs?: number };

/** A task with an id that its caller chose, due now unless the fields say otherwise. */
export function taskOf(now: number, { delayMs = 0, ...fields }: TaskFields = {}): Task {
  const { lane = 'default' } = fields;
  return {
    id: `client-a.${randomUUID()}`,
    clientId: 'client-a',
    queue: lane,
    lane,
    target: { url: 'http://target.example/', method: 'POST', headers: [] },
    createdAt: now,
    scheduledAt: now + delayMs,
    maxRetries: 5,
    retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 300_000, jitter: 0.1 },
    timeoutMs: 1000,
    metadata: {},
    ...fields,
  };
}

/** What a task calls; '' when it calls nothing. */
export const urlOf = ({ target }: Pick<Task, 'target'>): string => (isCall(target) ? target.url : '');
