import { Injectable } from '@nestjs/common';
import { counter, type MetricDefinition } from './metric.js';

const ACTION_LABEL = { action: 'actions of operations' };

const operations: MetricDefinition = {
  name: 'taskqueue_operations_total',
  type: 'counter',
  help: 'Operations on many tasks by what they have come to: done, cancelled, halted, failed, undone.',
  role: 'api',
  labels: { ...ACTION_LABEL, state: 'those five' },
};
const tasks: MetricDefinition = {
  name: 'taskqueue_operation_tasks_total',
  type: 'counter',
  help: 'Tasks that operations have dealt with: done, or skipped as they are no matter of the action.',
  role: 'api',
  labels: { ...ACTION_LABEL, result: 'those two' },
};

export const operationMetrics = [operations, tasks];

@Injectable()
export class OperationMetric {
  private readonly operations = counter(operations);
  private readonly tasks = counter(tasks);

  dealtWith(action: string, { done, skipped }: { readonly done: number; readonly skipped: number }): void {
    this.tasks.inc({ action, result: 'done' }, done);
    this.tasks.inc({ action, result: 'skipped' }, skipped);
  }

  ended(action: string, state: string): void {
    this.operations.inc({ action, state });
  }
}
