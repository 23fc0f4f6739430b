import { Injectable } from '@nestjs/common';
import type { Actor } from '../http/actor.js';
import type { Operation, OperationSpec } from '../operations/operation.js';
import { Operations } from '../operations/operations.js';
import type { QueueSettings } from '../queue/queues/queue-settings.js';
import { Clock } from '../time/clock.js';
import { DEFAULT_PER_SECOND } from './tasks-per-second.js';
import { isSet, type PurgeQuery, type PurgeResult } from './admin-purge.dto.js';
import { tooManyOperations } from './operation-problems.js';
import { operationView } from './operation-view.js';

/** Most purges are done by then: the answer says how much they took. */
const WAITS_MS = 2000;

interface Meant {
  readonly what: { readonly queue: string } | { readonly state: 'dead_letter' };
  /** The queue itself as well: what is set for it. */
  readonly removed?: QueueSettings | undefined;
}

/** What admins empty. */
@Injectable()
export class PurgeDesk {
  constructor(
    private readonly operations: Operations,
    private readonly clock: Clock,
  ) {}

  async purge({ what, removed }: Meant, { dry_run, now }: PurgeQuery, by: Actor): Promise<PurgeResult> {
    const spec: OperationSpec = {
      action: 'purge',
      filter: what,
      asked: what,
      rate: DEFAULT_PER_SECOND,
      isDryRun: isSet(dry_run),
      ...(isSet(now) && { isFinal: true }),
      ...(removed && { removed }),
      by,
    };
    const begun = await this.operations.begin(spec);
    if (!begun) throw tooManyOperations();
    return this.result(await this.operations.settled(begun, WAITS_MS));
  }

  private result(operation: Operation): PurgeResult {
    const { spec, matched } = operation;
    const { queue } = spec.filter;
    const where = queue === undefined ? 'dead letters' : `tasks of queue ${queue}`;
    const told = {
      message: `${matched} ${where} ${spec.isDryRun ? 'would be purged' : 'were purged'}${termsOf(spec)}`,
      ...(queue !== undefined && { queue }),
      purged: spec.isDryRun ? 0 : matched,
    };
    return Object.assign(told, operationView(operation, this.clock.now()));
  }
}

/** What a preview must not keep to itself. */
function termsOf({ isDryRun, isFinal, removed }: OperationSpec): string {
  if (!isDryRun) return '';
  return `${isFinal ? ', and could not be brought back' : ''}${removed ? '; the queue would be removed' : ''}`;
}
