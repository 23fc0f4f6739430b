import { Injectable } from '@nestjs/common';
import { ClientJudge } from '../clients/client-judge.js';
import type { Principal } from '../http/principal.js';
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
import { TaskQueue } from '../queue/task-queue.js';
import type { Task } from '../task/task.js';

/** How often a request is judged anew because its client was changed meanwhile. */
const MOST_TRIES = 5;

/** Gives tasks to the queue, with what this process knows of their clients, until it knows enough. */
@Injectable()
export class Enqueuer {
  constructor(
    private readonly queue: TaskQueue,
    private readonly judge: ClientJudge,
    private readonly metrics: TaskMetrics,
    private readonly refusals: AdmissionMetric,
  ) {}

  /** @throws ProblemError, QueueUnavailable */
  async add(task: Task, principal: Principal, idempotency?: IdempotencyKey): Promise<AddResult> {
    let result: AddResult = { kind: 'stale' };
    for (let tries = 0; tries < MOST_TRIES && result.kind === 'stale'; tries++) {
      if (tries > 0) this.judge.forget(task.clientId);
      result = await this.queue.add(task, await this.admission(task, principal, idempotency));
    }
    this.count(task, result);
    return result;
  }

  private async admission(
    { clientId }: Task,
    principal: Principal,
    idempotency?: IdempotencyKey,
  ): Promise<Admission> {
    const client = await this.judge.clientOf({ clientId, principal });
    const version = client?.version ?? UNRECORDED;
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
