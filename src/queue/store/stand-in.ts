import { LANES } from '../../task/lane.js';
import type { Task } from '../../task/task.js';

/**
 * What is shown of a task whose data cannot be read: what is kept of it beside that, whose it is, its queue, host and
 * times. All else is empty.
 */
export function standInFor(id: string, fields: ReadonlyMap<string, string>): Task {
  const gates = (fields.get('gates') ?? '').split('\n');
  const gate = (kind: string): string => gates.find((each) => each.startsWith(kind))?.slice(2) ?? '';
  const time = (name: string): number => Number(fields.get(name) ?? 0) || 0;
  const [queue, host, expires] = [gate('q:'), gate('h:'), time('expires')];
  return {
    id,
    clientId: gate('c:'),
    queue,
    lane: LANES.find((lane) => lane === queue) ?? 'default',
    target: { url: host === '' ? '' : `${host}/`, method: 'POST', headers: [] },
    createdAt: Math.trunc(time('timestamp')),
    scheduledAt: time('due'),
    ...(expires > 0 && { expiresAt: expires }),
    maxRetries: 0,
    retry: { strategy: 'fixed', minBackoffMs: 0, maxBackoffMs: 0, jitter: 0 },
    timeoutMs: 0,
    metadata: {},
  };
}
