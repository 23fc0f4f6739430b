import { Logger } from '@nestjs/common';
import { Seldom } from '../../time/seldom.js';
import type { QueueClock } from '../queue-clock.js';
import type { TaskCipher } from '../task-cipher.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../task-handler.js';

/** Another worker may have the key, or this one soon. */
const AGAIN_AFTER_MS = 60_000;
const LOG_EVERY_MS = 60_000;

const MESSAGE =
  'The task was stored encrypted, and no key of TASK_ENCRYPTION_KEY opens it. Add the key that it was stored with to the list of every worker.';

interface Opening {
  readonly cipher: TaskCipher;
  readonly clock: QueueClock;
  /** How long after it was due a task is a dead letter instead, milliseconds. */
  readonly maxAgeMs: number;
}

/** Gives tasks with their calls opened to the handler. What it has no key for waits, and uses no attempt. */
export class OpeningHandler extends TaskHandler {
  private readonly logger = new Logger('Worker');
  private readonly seldom = new Seldom(LOG_EVERY_MS);

  constructor(
    private readonly handler: TaskHandler,
    private readonly opening: Opening,
  ) {
    super();
  }

  override handle(claimed: ClaimedTask, signal: Parameters<TaskHandler['handle']>[1]): Promise<Handled> {
    if (claimed.task.target.sealed === undefined) return this.handler.handle(claimed, signal);
    const task = this.opening.cipher.open(claimed.task);
    if (task.target.sealed === undefined) return this.handler.handle({ ...claimed, task }, signal);
    this.warn(task.id);
    return Promise.resolve(notOpened(claimed, this.opening));
  }

  private warn(id: string): void {
    if (this.seldom.isDue()) this.logger.error({ task_id: id }, MESSAGE);
  }
}

function notOpened({ task, attempt }: ClaimedTask, { clock, maxAgeMs }: Opening): Handled {
  const now = clock.now();
  const isTooLate = now - task.scheduledAt > maxAgeMs;
  return {
    attempt: {
      number: attempt,
      startedAt: now,
      endedAt: now,
      class: 'interrupted',
      error: { code: 'encryption_key_missing', message: MESSAGE },
      timings: { totalMs: 0 },
    },
    settlement: isTooLate
      ? { kind: 'dead_letter', reason: 'encryption_key_missing' }
      : { kind: 'retry', delayMs: AGAIN_AFTER_MS },
  };
}
