import { Logger } from '@nestjs/common';
import type { Task } from '../../task/task.js';
import { Seldom } from '../../time/seldom.js';
import type { QueueClock } from '../queue-clock.js';
import type { TaskCipher } from '../task-cipher.js';
import { leftToOthers } from '../not-here.js';
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
    const { cipher } = this.opening;
    if (claimed.task.target.sealed === undefined) return this.handler.handle(claimed, signal);
    const task = cipher.open(claimed.task);
    if (task.target.sealed === undefined) {
      return this.handler
        .handle({ ...claimed, task }, signal)
        .then((handled) => sealResult(handled, task, cipher));
    }
    this.warn(task.id);
    const error = { code: 'encryption_key_missing', message: MESSAGE } as const;
    const { clock, maxAgeMs } = this.opening;
    const when = { againAfterMs: AGAIN_AFTER_MS, maxAgeMs, now: clock.now() };
    return Promise.resolve(leftToOthers(claimed, { error, reason: error.code, ...when }));
  }

  private warn(id: string): void {
    if (this.seldom.isDue()) this.logger.error({ task_id: id }, MESSAGE);
  }
}

/** What a handler returns may say what it was given. */
function sealResult(handled: Handled, { id }: Task, cipher: TaskCipher): Handled {
  const { attempt } = handled;
  if (attempt.result === undefined) return handled;
  return { ...handled, attempt: { ...attempt, result: cipher.sealText(attempt.result, id) } };
}
