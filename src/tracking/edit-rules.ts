import { Injectable } from '@nestjs/common';
import { ClientJudge } from '../clients/client-judge.js';
import { Config } from '../config/config.js';
import { enqueueRules } from '../task-request/enqueue-rules.js';
import type { EnqueueRules } from '../task-request/enqueue-rules.js';
import { callbackUrls } from '../task-request/read-callbacks.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { isCall, type Task } from '../task/task.js';
import { TypeMappings } from '../type-mappings/type-mappings.js';
import type { EditRequest } from './edit.dto.js';
import type { RulesOfTask } from './to-edited.js';

/** What applies to a stored task: the rules of the deployment, and what its queue says otherwise. */
@Injectable()
export class EditRules {
  private readonly rules: EnqueueRules;

  constructor(
    config: Config,
    private readonly queues: QueueRegistry,
    private readonly judge: ClientJudge,
    private readonly types: TypeMappings,
  ) {
    this.rules = enqueueRules(config);
  }

  /** @throws QueueUnavailable */
  async of(task: Task): Promise<RulesOfTask> {
    const [queue, known] = await Promise.all([
      this.queues.find(task.queue),
      this.types.know(task.target.type),
    ]);
    return { ...this.rules, maxRetries: queue?.settings.maxRetries ?? this.rules.maxRetries, known };
  }

  /** @throws ProblemError when its client may not have it call what it is to call; QueueUnavailable */
  async requireDestinations(request: EditRequest, { clientId, target }: Task): Promise<void> {
    const urls = {
      ...(request.task && isCall(target) && { '/task/url': target.url }),
      ...callbackUrls(request),
    };
    if (Object.keys(urls).length > 0) await this.judge.requireDestinations(clientId, urls);
  }
}
