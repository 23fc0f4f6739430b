import { Injectable } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';

const OPERATIONS = 'taskqueue_operations_total';
const TASKS = 'taskqueue_operation_tasks_total';

export const operationMetricProviders = [
  makeCounterProvider({
    name: OPERATIONS,
    help: 'Operations on many tasks by what they have come to: done, cancelled, halted, failed, undone.',
    labelNames: ['action', 'state'],
  }),
  makeCounterProvider({
    name: TASKS,
    help: 'Tasks that operations have dealt with: done, or skipped as they are no matter of the action.',
    labelNames: ['action', 'result'],
  }),
];

@Injectable()
export class OperationMetric {
  constructor(
    @InjectMetric(OPERATIONS) private readonly operations: Counter,
    @InjectMetric(TASKS) private readonly tasks: Counter,
  ) {}

  dealtWith(action: string, { done, skipped }: { readonly done: number; readonly skipped: number }): void {
    this.tasks.inc({ action, result: 'done' }, done);
    this.tasks.inc({ action, result: 'skipped' }, skipped);
  }

  ended(action: string, state: string): void {
    this.operations.inc({ action, state });
  }
}
