import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { AbortHandle } from '../../queue/abort-handle.js';
import type { ClaimedTask } from '../../queue/task-handler.js';
import type { HandlerTarget } from '../../task/task.js';
import type { HandlerReply } from './handler-reply.js';
import { HandlerRegistry } from './handler-registry.js';
import { runWithin } from './run-within.js';

/** The work that typed tasks ask for, as far as this worker has handlers for it. */
@Injectable()
export class HandlerRuns {
  constructor(
    private readonly handlers: HandlerRegistry,
    private readonly logger: PinoLogger,
  ) {}

  /** Never rejects. Nothing when this worker has no handler of that type. */
  make(
    { task, attempt }: ClaimedTask,
    { type, payload }: HandlerTarget,
    abort: AbortHandle,
  ): Promise<HandlerReply> | undefined {
    const handler = this.handlers.find(type);
    if (!handler) return undefined;
    const about = { context: 'Handler', task_id: task.id, type, attempt };
    const logger = this.logger.logger.child(about);
    return runWithin(task.timeoutMs, abort, (signal) =>
      handler.run(JSON.parse(payload), { taskId: task.id, attempt, signal, logger }),
    );
  }
}
