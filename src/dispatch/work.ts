import { Injectable } from '@nestjs/common';
import type { ClaimedTask } from '../queue/task-handler.js';
import { isCall } from '../task/task.js';
import { Calls, type Making } from './calls.js';
import type { HandlerReply } from './handlers/handler-reply.js';
import { HandlerRuns } from './handlers/handler-runs.js';
import type { Reply } from './http-sender.js';

/** What tasks ask for: a call, or what the handler of their type does. */
@Injectable()
export class Work {
  constructor(
    private readonly calls: Calls,
    private readonly handlers: HandlerRuns,
  ) {}

  /** Never rejects. Nothing when this worker has no handler of that type. */
  make(claimed: ClaimedTask, making: Making): Promise<Reply | HandlerReply> | undefined {
    const { target } = claimed.task;
    return isCall(target)
      ? this.calls.make(claimed, target, making)
      : this.handlers.make(claimed, target, making.abort);
  }
}
