import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { invalidRequest } from '../http/problem.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import type { Task } from '../task/task.js';
import { Clock } from '../time/clock.js';
import { type EnqueueRules, enqueueRules } from '../task-request/enqueue-rules.js';
import type { NamedRequest } from '../task-request/enqueue.dto.js';
import { readDepth } from '../task-request/read-depth.js';
import { toTask } from '../task-request/to-task.js';
import { TypeMappings } from '../type-mappings/type-mappings.js';

/** The headers of a request that say where it comes from. */
export type CallHeaders = Readonly<Partial<Record<'traceparent' | 'x-task-depth', string>>>;

/** Gives the rules what they need to make a task out of a request: the time, an id, the queue. */
@Injectable()
export class TaskMaker {
  private readonly rules: EnqueueRules;

  constructor(
    config: Config,
    private readonly clock: Clock,
    private readonly queues: QueueRegistry,
    private readonly types: TypeMappings,
  ) {
    this.rules = enqueueRules(config);
  }

  /**
   * @throws ProblemError with every rule that the request breaks
   * @throws QueueUnavailable
   */
  async make(request: NamedRequest, headers: CallHeaders): Promise<Task> {
    const { traceparent } = headers;
    const depth = readDepth(headers['x-task-depth']);
    const queue = await this.queues.find(request.queue ?? 'default');
    const type = await this.types.know(request.type);
    const arrival = { now: this.clock.now(), queue, type, randomId: randomUUID(), depth, traceparent };
    const translation = toTask(request, this.rules, arrival);
    if ('errors' in translation) throw invalidRequest(translation.errors);
    return translation.task;
  }
}
