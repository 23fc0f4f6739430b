import type { Logger } from '@nestjs/common';
import { isUnavailable } from '../../redis/unavailable.js';
import type { Attempt } from '../../task/attempt.js';
import { isCall, typeOf } from '../../task/task.js';
import type { Clock } from '../../time/clock.js';
import { Seldom } from '../../time/seldom.js';
import { AbortHandle } from '../abort-handle.js';
import { counts, ending } from './ending.js';
import type { Runner } from './runner.js';
import { UNREADABLE } from '../read-task.js';
import type { SettledTask } from './settled-task.js';
import type { FetchedTask, UnreadableTask } from './step.js';
import type { Handled, TaskHandler } from '../task-handler.js';
import type { TaskNews } from '../task-news.js';
import type { PoolLoad, RunningTask } from '../worker-pool.js';

/** After a fault of our own; the target is not to blame and no attempt is used. */
const AFTER_OWN_FAULT_MS = 5000;

/** How often the same error of the store is told. */
const SAME_ERROR_EVERY_MS = 60_000;

/** How much of the newest attempt goes into the moving average. */
const NEWEST = 0.05;

/** Called instead of a task's id: whoever calls wants the dispatcher itself (`call-worker.lua`). */
const CALL = '!';

interface Running {
  readonly fetched: FetchedTask;
  /** Unix milliseconds. */
  readonly since: number;
  readonly abort: AbortHandle;
  isCancelled: boolean;
}

/** What runs in this process now: gives each task to the handler and translates what comes back for the store. */
export class RunningTasks implements Runner {
  private readonly errors = new Seldom(SAME_ERROR_EVERY_MS);
  private readonly running = new Map<string, Running>();
  private done = 0;
  private busyMs = 0;
  private meanMs: number | undefined;
  onCalled: () => void = () => undefined;

  constructor(
    private readonly handler: TaskHandler,
    private readonly logger: Logger,
    private readonly clock: Clock,
    private readonly news: TaskNews,
  ) {}

  get size(): number {
    return this.running.size;
  }

  members(): string[] {
    return [...this.running.values()].map(({ fetched }) => `${fetched.lane}:${fetched.task.id}`);
  }

  load(): PoolLoad {
    const now = this.clock.now();
    const running = [...this.running.values()];
    const sofar = running.reduce((sum, { since }) => sum + Math.max(0, now - since), 0);
    const { done, busyMs, meanMs } = this;
    return { done, busyMs: busyMs + sofar, meanMs, running: running.map(runningTask) };
  }

  async run(fetched: FetchedTask): Promise<SettledTask> {
    const { id } = fetched.task;
    const running = { fetched, since: this.clock.now(), abort: new AbortHandle(), isCancelled: false };
    this.running.set(id, running);
    this.news.tell({ kind: 'started', task: fetched.task, attempt: fetched.attemptsMade + 1 });
    const { attempt, settlement, verdict } = await this.attempt(fetched, running.abort);
    this.running.delete(id);
    this.done++;
    this.took(Math.max(0, this.clock.now() - running.since));
    const { kind, delayMs, reason } = ending(settlement, running);
    return {
      lane: fetched.lane,
      id,
      kind,
      type: typeOf(fetched.task),
      attempt,
      attemptsMade: fetched.attemptsMade + (counts(attempt, settlement) ? 1 : 0),
      dataBytes: fetched.dataBytes,
      kept: fetched.kept,
      delayMs,
      reason,
      ...(fetched.retriedAt !== undefined && { wasDead: true }),
      ...(fetched.task.callbacks && { isCalledBack: true }),
      gates: fetched.gates,
      probeOf: fetched.probeOf,
      verdict,
    };
  }

  private took(ms: number): void {
    this.busyMs += ms;
    this.meanMs = this.meanMs === undefined ? ms : this.meanMs + NEWEST * (ms - this.meanMs);
  }

  cancel(id: string): void {
    if (id === CALL) this.onCalled();
    const running = this.running.get(id);
    if (!running) return;
    running.isCancelled = true;
    running.abort.abort();
  }

  /** At the deadline of a shutdown. */
  abortAll(): void {
    for (const { abort } of this.running.values()) abort.abort();
  }

  /** Nobody could run it, now or later; it holds up nobody else. */
  onUnreadable({ id, lane, attemptsMade, dataBytes, kept, gates }: UnreadableTask): SettledTask {
    this.logger.error({ task_id: id }, UNREADABLE.message);
    const now = this.clock.now();
    return {
      ...{ lane, id, attemptsMade, dataBytes, kept, gates },
      kind: 'dead_letter',
      reason: UNREADABLE.code,
      // The store knows: what a callback is made of lies beside what cannot be read.
      isCalledBack: true,
      attempt: notMade(attemptsMade + 1, { startedAt: now, endedAt: now, error: UNREADABLE }),
    };
  }

  onLost(ids: readonly string[]): void {
    this.logger.warn({ task_ids: ids }, 'locks were lost; these tasks may run twice');
  }

  /** Twice a second for as long as it lasts. What the store says by itself needs no stack. */
  onError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!this.errors.isDue(message)) return;
    const about = isUnavailable(error) ? { reason: message } : { err: error };
    this.logger.warn(about, 'the store did not take a turn; trying again until it does');
  }

  private async attempt(fetched: FetchedTask, abort: AbortHandle): Promise<Handled> {
    const { task, attemptsMade, dueAt, retriedAt, isCanary, probeOf } = fetched;
    const startedAt = this.clock.now();
    try {
      const isProbe = probeOf !== undefined;
      const claimed = { task, attempt: attemptsMade + 1, dueAt, retriedAt, isCanary, isProbe };
      return await this.handler.handle(claimed, abort);
    } catch (error) {
      this.logger.error({ err: error, task_id: task.id }, 'an attempt failed for a reason of our own');
      return ownFault(attemptsMade + 1, startedAt, this.clock.now());
    }
  }
}

function runningTask({ fetched, since }: Running): RunningTask {
  const { id, queue, clientId, target } = fetched.task;
  const host = isCall(target) ? new URL(target.url).host : '';
  return { id, queue, clientId, type: typeOf(fetched.task), host, attempt: fetched.attemptsMade + 1, since };
}

function ownFault(number: number, startedAt: number, endedAt: number): Handled {
  const error = {
    code: 'internal_error',
    message: 'Task Runner failed, not the target; see the log',
  };
  return {
    attempt: notMade(number, { startedAt, endedAt, error }),
    settlement: { kind: 'retry', delayMs: AFTER_OWN_FAULT_MS },
  };
}

function notMade(number: number, times: Pick<Attempt, 'startedAt' | 'endedAt' | 'error'>): Attempt {
  const { startedAt, endedAt } = times;
  return { number, ...times, class: 'interrupted', timings: { totalMs: endedAt - startedAt } };
}
