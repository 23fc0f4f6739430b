import { Injectable } from '@nestjs/common';
import { AdmissionMetric } from '../metrics/admission-metric.js';
import { SubmitterMetrics } from '../metrics/name-metrics.js';
import { TaskMetrics } from '../metrics/task-metrics.js';
import { type AddResult, isAccepted } from '../queue/admission/admission.js';
import { TaskNews } from '../queue/task-news.js';
import type { Task } from '../task/task.js';

/** Tells what has come of requests: to the metrics, and to whoever listens. */
@Injectable()
export class Tally {
  constructor(
    private readonly metrics: TaskMetrics,
    private readonly refusals: AdmissionMetric,
    private readonly clients: SubmitterMetrics,
    private readonly news: TaskNews,
  ) {}

  /** @returns the result */
  counted(task: Task, result: AddResult): AddResult {
    if (result.kind === 'added') {
      this.metrics.submitted(task);
      this.clients.submitted(task.clientId);
      this.news.tell({ kind: 'submitted', task });
    } else if (!isAccepted(result)) {
      this.refusals.refused(result.kind === 'full' ? result.what : result.kind);
      this.clients.refused(task.clientId);
    }
    return result;
  }
}
