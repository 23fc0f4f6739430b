import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { CallbackMetric } from '../metrics/callback-metric.js';
import { isAccepted } from '../queue/admission/admission.js';
import { type CallOff, QueueClock } from '../queue/queue-clock.js';
import { maxTaskAgeMs } from '../queue/queue-rules.js';
import { CallbackOrders } from '../queue/callback-orders.js';
import { OwnTasks } from '../queue/store/own-tasks.js';
import { TaskCipher } from '../queue/task-cipher.js';
import { WorkerPool } from '../queue/worker-pool.js';
import { isUnavailable } from '../redis/unavailable.js';
import { enqueueRules } from '../task-request/enqueue-rules.js';
import { Seldom } from '../time/seldom.js';
import { type CallbackOrder, readOrder } from './callback-order.js';
import { type CallbackRules, toCallback } from './to-callback.js';

/** What ends without a worker, as what is cancelled, is told this late at most. */
const LOOK_EVERY_MS = 1000;
const AT_ONCE = 100;
/** Whoever listens answers at once; a slot of the client is not held for longer. */
const MOST_TIMEOUT_MS = 30_000;
const SAME_WARNING_EVERY_MS = 60_000;

/** Turns the orders of callbacks into tasks. Any number of workers do; none of it is lost or made twice when one dies. */
@Injectable()
export class CallbackCourier {
  private readonly logger = new Logger('Callbacks');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private readonly rules: CallbackRules;
  private readonly maxAgeMs: number;
  private readonly cipher: TaskCipher;
  private timer: CallOff = () => undefined;
  private round: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopped = false;

  constructor(
    config: Config,
    private readonly orders: CallbackOrders,
    private readonly tasks: OwnTasks,
    private readonly clock: QueueClock,
    private readonly metric: CallbackMetric,
    pool: WorkerPool,
  ) {
    const { maxRetries, retry, timeoutMs } = enqueueRules(config);
    this.rules = { maxRetries, retry, timeoutMs: Math.min(timeoutMs, MOST_TIMEOUT_MS) };
    this.maxAgeMs = maxTaskAgeMs(config);
    this.cipher = new TaskCipher(config);
    pool.onCallbacks(() => {
      this.look();
    });
  }

  start(): void {
    this.timer = this.clock.every(LOOK_EVERY_MS, () => {
      this.look();
    });
    this.look();
  }

  /** Resolves when what it has begun is done; what is left others do. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer();
    await this.round;
  }

  /** One round at a time; who asks meanwhile gets another one. */
  private look(): void {
    this.isAskedAgain = true;
    this.round ??= this.goOn().finally(() => {
      this.round = undefined;
      // Somebody may have asked while this one was ending.
      if (this.isAskedAgain && !this.isStopped) this.look();
    });
  }

  private async goOn(): Promise<void> {
    while (this.isAskedAgain && !this.isStopped) {
      this.isAskedAgain = false;
      try {
        const taken = await this.orders.take(AT_ONCE);
        this.isAskedAgain ||= taken.length === AT_ONCE;
        await this.carryOut(taken);
      } catch (error) {
        this.warn(error);
      }
    }
  }

  private async carryOut(taken: readonly (readonly [id: string, text: string])[]): Promise<void> {
    const done = await Promise.all(
      taken.map(async ([id, text]) => {
        const order = readOrder(id, text);
        if (!order) this.logger.error({ task_id: id }, 'an order of a callback is damaged; it is dropped');
        return !order || (await this.isDone(order)) ? [id] : [];
      }),
    );
    await this.orders.drop(done.flat());
  }

  /** Whether nothing is left to be done for an order. */
  private async isDone(order: CallbackOrder): Promise<boolean> {
    const { source, taskId } = order;
    const callbacks = this.cipher.openCallbacks(source.callbacks, taskId);
    if (callbacks.sealed !== undefined) return this.isTooOld(order);
    const task = toCallback({ ...order, source: { ...source, callbacks } }, this.rules, this.clock.now());
    if (!task) return true;
    try {
      const result = await this.tasks.add(task);
      if (result.kind === 'added') this.metric.ordered(order.ending);
      return isAccepted(result);
    } catch (error) {
      this.warn(error);
      return false;
    }
  }

  /** Another worker may have the key, or this one soon. */
  private isTooOld({ taskId, endedAt }: CallbackOrder): boolean {
    const isTooOld = this.clock.now() - endedAt > this.maxAgeMs;
    if (isTooOld || this.seldom.isDue('sealed')) {
      const what = isTooOld ? 'it is dropped' : 'it waits';
      this.logger.error(
        { task_id: taskId },
        `no key of TASK_ENCRYPTION_KEY opens the address of a callback; ${what}`,
      );
    }
    return isTooOld;
  }

  private warn(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!this.seldom.isDue(message)) return;
    const about = isUnavailable(error) ? { reason: message } : { err: error };
    this.logger.warn(about, 'callbacks could not be ordered; trying again until they are');
  }
}
