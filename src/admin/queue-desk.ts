import { Injectable } from '@nestjs/common';
import { nextCursor } from '../http/cursor.js';
import { QueueGauge } from '../queue/queues/queue-gauge.js';
import { laneItself } from '../queue/queues/queue-settings.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { Clock } from '../time/clock.js';
import type { Worker } from '../workers/worker.js';
import { WorkerRegistry } from '../workers/worker-registry.js';
import type { QueueDetailView, QueueList, QueueWorkersView, QueueWorkerView } from './queue-figures.dto.js';
import { measuredView } from './queue-view.js';

const MOST_WORKERS = 1000;

/** What admins see of queues. */
@Injectable()
export class QueueDesk {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly gauge: QueueGauge,
    private readonly workers: WorkerRegistry,
    private readonly clock: Clock,
  ) {}

  /**
   * @param after the name that the page before ended with
   * @throws QueueUnavailable
   */
  async page(limit: number, after?: string): Promise<QueueList> {
    const all = await this.queues.all();
    const from = after === undefined ? 0 : placeBehind(all, after);
    const shown = all.slice(from, from + limit);
    const names = shown.map(({ name }) => name);
    const [figures, { workers }] = await Promise.all([
      this.gauge.measure(names),
      this.workers.lastKnown(MOST_WORKERS),
    ]);
    const { waiting, deadLetters } = figures;
    const now = this.clock.now();
    return {
      queues: shown.map((queue) => measuredView(queue, figures.of(queue.name), now)),
      next_cursor: nextCursor(from + limit < all.length ? names.at(-1) : undefined),
      workers: fleetView(workers),
      queue_depths: waiting,
      total_pending: Object.values(waiting).reduce((sum, tasks) => sum + tasks, 0),
      dlq_size: deadLetters,
    };
  }

  /** @throws QueueUnavailable */
  async find(name: string): Promise<QueueDetailView | undefined> {
    const queue = (await this.queues.all()).find((each) => each.name === name);
    if (!queue) return undefined;
    const [figures, { workers }] = await Promise.all([
      this.gauge.measure([name]),
      this.workers.lastKnown(MOST_WORKERS),
    ]);
    return Object.assign(measuredView(queue, figures.of(name), this.clock.now()), {
      workers: workers.map((worker) => ofQueue(worker, name)).filter(({ running }) => running > 0),
    });
  }
}

interface Named {
  readonly name: string;
}

/** The lanes come first. One that is gone meanwhile has left its place: that of the first that would come after it. */
function placeBehind(all: readonly Named[], after: string): number {
  const at = all.findIndex(({ name }) => name === after);
  if (at >= 0) return at + 1;
  const next = all.findIndex(({ name }) => laneItself(name) === undefined && name > after);
  return next < 0 ? all.length : next;
}

function ofQueue({ id, running, state }: Worker, name: string): QueueWorkerView {
  const tasks = state === 'gone' ? [] : running.filter(({ queue }) => queue === name);
  return { worker_id: id, running: tasks.length };
}

function fleetView(all: readonly Worker[]): QueueWorkersView {
  const there = all.filter(({ state }) => state !== 'gone');
  const serving = there.filter(({ state }) => state === 'running');
  return {
    running: serving.length,
    held: there.length - serving.length,
    slots: serving.reduce((sum, { concurrency }) => sum + concurrency, 0),
    busy: there.reduce((sum, { busy }) => sum + busy, 0),
  };
}
