import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { CallbackMetric } from '../metrics/callback-metric.js';
import { isAccepted } from '../queue/admission/admission.js';
import { QueueClock } from '../queue/queue-clock.js';
import { maxTaskAgeMs } from '../queue/queue-rules.js';
import { OwnTasks } from '../queue/store/own-tasks.js';
import { TaskCipher } from '../queue/task-cipher.js';
import { enqueueRules } from '../task-request/enqueue-rules.js';
import { Seldom } from '../time/seldom.js';
import { type CallbackOrder, readOrder } from './callback-order.js';
import { type CallbackRules, toCallback } from './to-callback.js';

/** Whoever listens answers at once; a slot of the client is not held for longer. */
const MOST_TIMEOUT_MS = 30_000;
const SAME_WARNING_EVERY_MS = 60_000;

/** Makes tasks out of orders of callbacks. */
@Injectable()
export class CallbackMaker {
  private readonly logger = new Logger('Callbacks');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private readonly rules: CallbackRules;
  private readonly maxAgeMs: number;
  private readonly cipher: TaskCipher;

  constructor(
    config: Config,
    private readonly tasks: OwnTasks,
    private readonly clock: QueueClock,
    private readonly metric: CallbackMetric,
  ) {
    const { maxRetries, retry, timeoutMs } = enqueueRules(config);
    this.rules = { maxRetries, retry, timeoutMs: Math.min(timeoutMs, MOST_TIMEOUT_MS) };
    this.maxAgeMs = maxTaskAgeMs(config);
    this.cipher = new TaskCipher(config);
  }

  /**
   * @param id of the task to make
   * @param text of the order, as it is stored
   * @returns whether nothing is left to be done for it
   * @throws QueueUnavailable
   */
  async carryOut(id: string, text: string): Promise<boolean> {
    const order = readOrder(id, text);
    if (!order) {
      this.logger.error({ task_id: id }, 'an order of a callback is damaged; it is dropped');
      return true;
    }
    const opened = this.opened(order);
    if (!opened) return this.isTooOld(order);
    const task = toCallback(opened, this.rules, this.clock.now());
    if (!task) return true;
    const result = await this.tasks.add(task);
    if (result.kind === 'added') this.metric.ordered(order.ending);
    return isAccepted(result);
  }

  /** With what was stored encrypted as it was; nothing when no key at hand opens it. */
  private opened(order: CallbackOrder): CallbackOrder | undefined {
    const { source, taskId, lastAttempt } = order;
    const callbacks = this.cipher.openCallbacks(source.callbacks, taskId);
    const sealed = lastAttempt?.result;
    const result = sealed === undefined ? undefined : this.cipher.openText(sealed, taskId);
    if (callbacks.sealed !== undefined || (sealed !== undefined && result === undefined)) return undefined;
    return {
      ...order,
      source: { ...source, callbacks },
      ...(lastAttempt && { lastAttempt: { ...lastAttempt, result } }),
    };
  }

  /** Another worker may have the key, or this one soon. */
  private isTooOld({ taskId, endedAt }: CallbackOrder): boolean {
    const isTooOld = this.clock.now() - endedAt > this.maxAgeMs;
    if (isTooOld || this.seldom.isDue()) {
      const what = isTooOld ? 'it is dropped' : 'it waits';
      this.logger.error(
        { task_id: taskId },
        `no key of TASK_ENCRYPTION_KEY opens the address of a callback; ${what}`,
      );
    }
    return isTooOld;
  }
}
