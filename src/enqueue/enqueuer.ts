import { Injectable } from '@nestjs/common';
import { AdmissionMetric } from '../metrics/admission-metric.js';
import { TaskMetrics } from '../metrics/task-metrics.js';
import {
  type Admission,
  type AddResult,
  type IdempotencyKey,
  isAccepted,
  type Refusal,
} from '../queue/admission/admission.js';
import { UNRECORDED } from '../queue/admission/admission-rules.js';
import { KnownRules } from '../queue/admission/known-rules.js';
import { TaskQueue } from '../queue/task-queue.js';
import type { Task } from '../task/task.js';

/** How often a request is judged anew because its client was changed meanwhile. */
const MOST_TRIES = 5;

/** Gives tasks to the queue, with what this process knows of their clients, until it knows enough. */
@Injectable()
export class Enqueuer {
  constructor(
    private readonly queue: TaskQueue,
    private readonly rules: KnownRules,
    private readonly metrics: TaskMetrics,
    private readonly refusals: AdmissionMetric,
  ) {}

  /** @throws QueueUnavailable */
  async add(task: Task, idempotency?: IdempotencyKey): Promise<AddResult> {
    let result: AddResult = { kind: 'stale' };
    for (let tries = 0; tries < MOST_TRIES && result.kind === 'stale'; tries++) {
      if (tries > 0) this.rules.forget(task.clientId);
      result = await this.queue.add(task, await this.admission(task, idempotency));
    }
    this.count(task, result);
    return result;
  }

  private async admission({ clientId }: Task, idempotency?: IdempotencyKey): Promise<Admission> {
    const rules = await this.rules.of(clientId);
    const version = rules?.version ?? UNRECORDED;
    return { version, principal: clientId, ...(idempotency && { idempotency }) };
  }

  private count(task: Task, result: AddResult): void {
    if (result.kind === 'added') this.metrics.submitted(task);
    else if (!isAccepted(result)) this.refusals.refused(reasonOf(result));
  }
}

function reasonOf(result: Refusal): string {
  return result.kind === 'full' ? result.what : result.kind;
}
