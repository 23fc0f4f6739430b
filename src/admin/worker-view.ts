import { formatTime } from '../time/rfc3339.js';
import type { RunningTask } from '../queue/worker-pool.js';
import type { Hold, Worker, WorkerRecord } from '../workers/worker.js';
import type { RunningTaskView, WorkerDetailView, WorkerView } from './admin-workers.dto.js';

/** A worker as lists show it. */
export function workerView(worker: Worker): WorkerView {
  const { id, state, host, pid, version, startedAt, seenAt, concurrency, busy, done, held, gone } = worker;
  return {
    worker_id: id,
    state,
    host,
    pid,
    version,
    started_at: formatTime(startedAt),
    seen_at: formatTime(seenAt),
    concurrency,
    busy,
    tasks_done: done,
    ...(held && holdView(held)),
    ...(gone && goneView(gone)),
  };
}

/** With what it runs. */
export function workerDetailView(worker: Worker): WorkerDetailView {
  return Object.assign(workerView(worker), { running: worker.running.map(runningTaskView) });
}

function holdView({ as, since, reason }: Hold): Pick<WorkerView, 'wanted' | 'wanted_since' | 'reason'> {
  return { wanted: as, wanted_since: formatTime(since), ...(reason !== undefined && { reason }) };
}

function goneView({
  at,
  because,
}: NonNullable<WorkerRecord['gone']>): Pick<WorkerView, 'gone_at' | 'gone_because'> {
  return { gone_at: formatTime(at), gone_because: because };
}

function runningTaskView({ id, clientId, since, ...task }: RunningTask): RunningTaskView {
  const { queue, type, host, attempt } = task;
  return { task_id: id, queue, client_id: clientId, type, host, attempt, since: formatTime(since) };
}
