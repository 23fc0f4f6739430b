import { Injectable } from '@nestjs/common';
import { type Purged, Purges } from '../queue/purges/purges.js';
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
    private readonly clock: Clock,
  ) {}

  step(operation: Operation): Promise<Step> {
    if (operation.wanted === 'undo') return this.undo(operation);
    if (operation.startedAt === undefined) return this.begin(operation);
    return operation.state === 'running' ? this.take(operation) : this.sweep(operation);
  }

  private async begin({ id, spec }: Operation): Promise<Step> {
    const what = purgedBy(spec);
    const { taken, running } = await (spec.isDryRun ? this.purges.count(what) : this.purges.begin(id, what));
    const counts = { total: taken, matched: taken, ...(running > 0 && { 'skip:task_running': running }) };
    if (spec.isDryRun) return step({ set: { ...counts, state: 'done' } }, 'end');
    const undoUntil = spec.isFinal ? undefined : this.clock.now() + UNDO_MS;
    const set = { ...counts, ...(undoUntil !== undefined && { undoUntil }) };
    if (what !== 'dead letters') return step({ set }, 'go');
    const taking = { state: 'done', looked: taken, done: taken };
    return step({ set: { ...set, ...taking } }, this.untilFinal(undoUntil));
  }

  private async take({ id, cursor, undoUntil }: Operation): Promise<Step> {
    const [onward, taken] = await this.purges.takeSome(id, cursor);
    const set = { cursor: onward, looked: taken, done: taken };
    if (onward !== '') return step({ set }, 'go');
    // Of nothing there is nothing to undo.
    const until = taken === 0 ? undefined : undoUntil;
    return step({ set: { ...set, matched: taken, state: 'done' } }, this.untilFinal(until));
  }

  private untilFinal(undoUntil: number | undefined): Onward {
    return undoUntil === undefined ? 'go' : { waitMs: Math.max(0, undoUntil - this.clock.now()) };
  }

  private async sweep({ id }: Operation): Promise<Step> {
    return step({}, (await this.purges.sweepSome(id)) ? 'go' : 'end');
  }

  private async undo({ id, spec, state, done }: Operation): Promise<Step> {
    if (purgedBy(spec) === 'dead letters') return step({ set: { state: 'undone' } }, 'end');
    const begins = state !== 'undoing' && { state: 'undoing', total: done, looked: 0 };
    const [count, left] = await this.purges.bringBackSome(id);
    if (left === 0) return step({ set: { ...begins, state: 'undone' }, add: { looked: count } }, 'end');
    return step({ set: { ...begins }, add: { looked: count } }, 'go');
  }
}

/** What a purge empties. */
export function purgedBy({ filter }: OperationSpec): Purged {
  return filter.queue === undefined ? 'dead letters' : { queue: filter.queue };
}

function step(progress: Progress, onward: Onward): Step {
  return { progress, onward, acted: 0 };
}
