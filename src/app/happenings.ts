import type { Happening } from '../events/event.js';
import type { Operation } from '../operations/operation.js';
import type { HostChange } from '../queue/gates/host-changes.js';
import type { EndedTask, TaskNewsItem } from '../queue/task-news.js';
import type { SettledTask } from '../queue/worker/settled-task.js';
import type { Attempt } from '../task/attempt.js';
import { isCall, type Task } from '../task/task.js';
import { formatTime } from '../time/rfc3339.js';
import type { WorkerNewsKind } from '../workers/worker-news.js';
import type { WorkerRecord } from '../workers/worker.js';

type Named = Pick<Happening, 'clientId' | 'queue'> & { readonly host?: string | undefined };

/** What the queue tells of a task, as events. */
export function taskHappenings(item: TaskNewsItem): Happening[] {
  switch (item.kind) {
    case 'submitted': {
      const scheduled = { scheduled_at: formatTime(item.task.scheduledAt) };
      return [happening('task.submitted', item.task.id, namesOf(item.task), scheduled)];
    }
    case 'cancelled':
      return [happening('task.cancelled', item.task.id, namesOf(item.task), {})];
    case 'started':
      return [happening('task.started', item.task.id, namesOf(item.task), { attempt: item.attempt })];
    case 'settled':
      return settledHappenings(item.settled);
    case 'ended':
      return [endedHappening(item.ended)];
  }
}

/** What is known of a worker, as an event. */
export function workerHappening(kind: WorkerNewsKind, worker: WorkerRecord): Happening {
  const { id, host, pid, version, concurrency } = worker;
  const about = { worker_id: id, host, pid, version, concurrency };
  switch (kind) {
    case 'joined':
    case 'resumed':
      return { kind: `worker.${kind}`, data: { ...about, state: worker.state } };
    case 'paused':
    case 'draining':
      return { kind: 'worker.paused', data: { ...about, state: kind } };
    case 'stopped':
    case 'lost':
      return { kind: 'worker.left', data: { ...about, because: kind } };
  }
}

/** An operation on many tasks, as events: the one that tells of it, instead of one for each task. */
export function operationHappening({ id, spec, ...operation }: Operation): Happening {
  const { state, matched, done, skipped } = operation;
  const { queue } = spec.filter;
  const about = { operation_id: id, action: spec.action, filter: spec.asked };
  if (state === 'running')
    return { kind: 'operation.begun', ...(queue !== undefined && { queue }), data: about };
  const data = { ...about, state, matched, done, skipped };
  return { kind: 'operation.ended', ...(queue !== undefined && { queue }), data };
}

const CIRCUIT_KINDS = {
  open: 'circuit.opened',
  half_open: 'circuit.half_open',
  closed: 'circuit.closed',
} as const;

export function circuitHappening({ host, to, until, note }: HostChange): Happening {
  const till = to === 'open' && until !== undefined ? { until: formatTime(until) } : {};
  return { kind: CIRCUIT_KINDS[to], data: { host, ...till, note } };
}

function settledHappenings({ id, kind, attempt, gates, delayMs, reason }: SettledTask): Happening[] {
  const names = namesIn(gates);
  const tried = attemptData(attempt);
  const failed = happening('task.failed', id, names, tried);
  switch (kind) {
    case 'completed':
      return [happening('task.completed', id, names, tried)];
    case 'retry':
      return [failed, happening('task.retrying', id, names, { ...tried, retry_in_ms: delayMs })];
    case 'dead_letter':
      return [failed, happening('task.dead_letter', id, names, { ...tried, reason })];
    case 'expired':
      return [failed, happening('task.expired', id, names, { ...tried, reason })];
    case 'cancelled':
      return [happening('task.cancelled', id, names, tried)];
    case 'hand_back':
    case 'ask_again':
      return [];
  }
}

function endedHappening({ id, ending, reason, gates }: EndedTask): Happening {
  return happening(`task.${ending}`, id, namesIn(gates), reason === '' ? {} : { reason });
}

function attemptData({ number, class: outcome, status, error, timings }: Attempt): object {
  return {
    attempt: number,
    outcome,
    status,
    error: error?.code,
    queue_ms: timings.queueMs,
    total_ms: timings.totalMs,
  };
}

function happening(kind: Happening['kind'], id: string, names: Named, data: object): Happening {
  const { clientId, queue, host } = names;
  return {
    kind,
    ...(clientId !== undefined && { clientId }),
    ...(queue !== undefined && { queue }),
    data: { task_id: id, client_id: clientId, queue, host, ...data },
  };
}

function namesOf({ clientId, queue, target }: Task): Named {
  return { clientId, queue, ...(isCall(target) && { host: new URL(target.url).origin }) };
}

/** By the gates of a task, which are all that is known when its data is not read. */
function namesIn(gates: string): Named {
  const names = new Map(gates.split('\n').map((gate) => [gate.slice(0, 1), gate.slice(2)]));
  const [queue, clientId, host] = ['q', 'c', 'h'].map((kind) => names.get(kind));
  return { ...(queue !== undefined && { queue }), ...(clientId !== undefined && { clientId }), host };
}
