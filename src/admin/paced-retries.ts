import { Injectable } from '@nestjs/common';
import type { Actor } from '../http/actor.js';
import { invalidRequest } from '../http/problem.js';
import type { Operation } from '../operations/operation.js';
import { Operations } from '../operations/operations.js';
import type { TaskFilter } from '../queue/search/task-list.js';
import { readFilter } from '../tracking/read-filter.js';
import type { DeadLetterFilter, DeadLetterResult, RetryDeadLettersRequest } from './admin-dlq.dto.js';
import { tooManyOperations } from './operation-problems.js';
import { DEFAULT_PER_SECOND } from './tasks-per-second.js';

/** Dead letters that are retried at a rate: in the background, as an operation. */
@Injectable()
export class PacedRetries {
  constructor(private readonly operations: Operations) {}

  /** @throws ProblemError when single tasks are named, or there are too many operations; QueueUnavailable */
  async begin(request: RetryDeadLettersRequest, by: Actor): Promise<DeadLetterResult> {
    if (namesTasks(request))
      throw invalidRequest([{ pointer: '/rate', detail: 'needs a filter, or retry_all' }]);
    const begun = await this.operations.begin({
      action: 'retry',
      filter: filterOf(request.filter ?? {}),
      asked: request.filter ?? { all: true },
      rate: request.rate ?? DEFAULT_PER_SECOND,
      isDryRun: false,
      by,
    });
    if (!begun) throw tooManyOperations();
    return resultOf(begun);
  }
}

/** Whether dead letters are to be retried at a rate. */
export function isPaced({ rate, dry_run }: RetryDeadLettersRequest): boolean {
  return (rate ?? undefined) !== undefined && dry_run !== true;
}

function namesTasks({ task_id, task_ids }: RetryDeadLettersRequest): boolean {
  return (task_id ?? task_ids ?? undefined) !== undefined;
}

function filterOf({ fingerprint, ...members }: DeadLetterFilter): TaskFilter {
  const filter = readFilter(members, '/filter');
  return fingerprint ? { ...filter, dead: { fingerprint } } : filter;
}

/** How it stands as it begins: nothing was dealt with yet. */
function resultOf({ id, matched, done, skipped, sample }: Operation): DeadLetterResult {
  return {
    dry_run: false,
    matched,
    done,
    skipped,
    sample: [...sample],
    next_cursor: null,
    operation_id: id,
  };
}
