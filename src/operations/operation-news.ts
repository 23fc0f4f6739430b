import { Injectable, Logger } from '@nestjs/common';
import { OperationMetric } from '../metrics/operation-metric.js';
import type { Operation } from './operation.js';
import type { Progress } from './operation-record.js';

type Listener = (operation: Operation) => void;

/** What becomes known of operations in this process: in the log, the metrics, and for whoever listens. */
@Injectable()
export class OperationNews {
  private readonly logger = new Logger('Operations');
  private listener: Listener = () => undefined;

  constructor(private readonly metric: OperationMetric) {}

  listen(listener: Listener): void {
    this.listener = listener;
  }

  begun(operation: Operation): void {
    if (!operation.spec.isDryRun) this.listener(operation);
  }

  /** @param done with how many tasks something was done, besides those that the progress counts */
  dealtWith({ spec }: Operation, { add = {} }: Progress, done: number): void {
    const skipped = Object.entries(add).filter(([name]) => name.startsWith('skip:'));
    const count = skipped.reduce((sum, [, by]) => sum + by, 0);
    this.metric.dealtWith(spec.action, { done: done + (add['done'] ?? 0), skipped: count });
  }

  /** Something was wrong, and it is tried again. */
  stumbled({ id, spec }: Operation, error: string): void {
    const about = { operation_id: id, action: spec.action, error };
    this.logger.error(about, 'an operation on many tasks has met with an error and is tried again');
  }

  /** It is over, or has come to where it can be undone. */
  ended(operation: Operation): void {
    const { id, spec, state, matched, done, skipped, error } = operation;
    this.metric.ended(spec.action, state);
    const about = { operation_id: id, action: spec.action, state, matched, done, skipped };
    if (error === undefined) this.logger.log(about, 'an operation on many tasks is over');
    else this.logger.error({ ...about, error }, 'an operation on many tasks has failed');
    this.listener(operation);
  }
}
