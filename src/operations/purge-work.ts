import { Injectable } from '@nestjs/common';
import { auditLine } from '../audit/audit-line.js';
import type { Actor } from '../http/actor.js';
import { type PurgeCount, type Purged, Purges } from '../queue/purges/purges.js';
import { QueueRegistry } from '../queue/queues/queue-registry.js';
import { Clock } from '../time/clock.js';
import type { Step } from './filter-work.js';
import type { Operation, OperationSpec } from './operation.js';
import type { Progress } from './operation-record.js';
import type { Onward } from './operation-store.js';

/** How long a purge can be undone. */
const UNDO_MS = 15 * 60_000;

/**
 * Purges: what was in a queue, or the dead letters, is invisible from the first moment on; then it is taken away, kept for as
 * long as it can be undone, and removed, all in small pieces.
 */
@Injectable()
export class PurgeWork {
  constructor(
    private readonly purges: Purges,
    private readonly queues: QueueRegistry,
    private readonly clock: Clock,
  ) {}

  step(operation: Operation): Promise<Step> {
    if (operation.wanted === 'undo') return this.undo(operation);
    if (operation.startedAt === undefined) return this.begin(operation);
    return operation.state === 'running' ? this.take(operation) : this.sweep(operation);
  }

  /**
   * From then on it is there for nobody; a repeat changes nothing.
   *
   * @throws QueueUnavailable
   */
  async hide(id: string, spec: OperationSpec): Promise<PurgeCount> {
    const { queue } = spec.filter;
    // Before its tasks go: then no more come.
    if (spec.removed && queue !== undefined)
      await this.queues.remove(queue, auditLine('queue.delete', `queue:${queue}`, spec.by));
    return this.purges.begin(id, purgedBy(spec));
  }

  /**
   * What was set for a queue that was removed is there again before its tasks are, or they would pass where they must not.
   *
   * @param by who wants it back
   * @throws QueueUnavailable
   */
  async beforeUndo({ spec, wanted, undoUntil = 0 }: Operation, by: Actor): Promise<void> {
    if (wanted === undefined && undoUntil > this.clock.now()) await this.restoreQueue(spec, by);
  }

  private async restoreQueue({ removed, filter: { queue } }: OperationSpec, by: Actor): Promise<void> {
    if (!removed || queue === undefined) return;
    const line = auditLine('queue.put', `queue:${queue}`, by);
    await this.queues.change(queue, (current) => current ?? removed, line);
  }

  private async begin({ id, spec }: Operation): Promise<Step> {
    const { taken, running, at } = await (spec.isDryRun
      ? this.purges.count(purgedBy(spec))
      : this.hide(id, spec));
    const counts = { total: taken, matched: taken, ...(running > 0 && { 'skip:task_running': running }) };
    if (spec.isDryRun) return step({ set: { ...counts, state: 'done' } }, 'end');
    const undoUntil = spec.isFinal ? undefined : at + UNDO_MS;
    const set = { ...counts, ...(undoUntil !== undefined && { undoUntil }) };
    if (purgedBy(spec) !== 'dead letters') return step({ set }, 'go');
    const taking = { state: 'done', looked: taken, done: taken };
    return step({ set: { ...set, ...taking } }, untilFinal(undoUntil));
  }

  private async take({ id, spec, cursor, undoUntil }: Operation): Promise<Step> {
    const [onward, taken] = await this.purges.takeSome(id, cursor);
    const set = { cursor: onward, looked: taken, done: taken };
    if (onward !== '') return step({ set }, 'go');
    const ended = { ...set, matched: taken, state: 'done' };
    // Of nothing there is nothing to undo.
    if (taken === 0 && !spec.removed) return step({ set: { ...ended, undoUntil: '' } }, 'go');
    return step({ set: ended }, untilFinal(undoUntil));
  }

  private async sweep({ id }: Operation): Promise<Step> {
    return step({}, (await this.purges.sweepSome(id)) ? 'go' : 'end');
  }

  private async undo({ id, spec, state, done }: Operation): Promise<Step> {
    if (purgedBy(spec) === 'dead letters') return step({ set: { state: 'undone' } }, 'end');
    if (state !== 'undoing') await this.restoreQueue(spec, spec.by);
    const begins = state !== 'undoing' && { state: 'undoing', total: done, looked: 0 };
    const [count, left] = await this.purges.bringBackSome(id);
    if (left === 0) return step({ set: { ...begins, state: 'undone' }, add: { looked: count } }, 'end');
    return step({ set: { ...begins }, add: { looked: count } }, 'go');
  }
}

/** What a purge empties. */
function purgedBy({ filter }: OperationSpec): Purged {
  return filter.queue === undefined ? 'dead letters' : { queue: filter.queue };
}

function untilFinal(undoUntil: number | undefined): Onward {
  return undoUntil === undefined ? 'go' : { until: undoUntil };
}

function step(progress: Progress, onward: Onward): Step {
  return { progress, onward, acted: 0 };
}
