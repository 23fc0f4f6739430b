import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type CallOff, QueueClock } from '../queue/queue-clock.js';
import { QueueUnavailable } from '../queue/task-queue.js';
import { within } from '../redis/within.js';
import type { Step } from './filter-work.js';
import { OperationWork } from './operation-work.js';
import type { Operation, OperationState } from './operation.js';
import type { Progress } from './operation-record.js';
import { OperationNews } from './operation-news.js';
import { MOST_OPEN_IN_ALL, OperationStore } from './operation-store.js';

const LOOK_EVERY_MS = 1000;
/** So many operations are worked on by one process at the same time: all there may be, as a slow one must not hold up a purge. */
const SIDE_BY_SIDE = MOST_OPEN_IN_ALL;
const STOP_WITHIN_MS = 1000;
const MOST_REST_MS = 20;

/** Works on operations, those that a process has left behind as well. Each is worked on by one process at a time. */
@Injectable()
export class OperationRunner implements OnModuleDestroy {
  private readonly holder = randomUUID();
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private callOff: CallOff = () => undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly store: OperationStore,
    private readonly work: OperationWork,
    private readonly clock: QueueClock,
    private readonly news: OperationNews,
  ) {}

  start(): void {
    this.callOff = this.clock.every(LOOK_EVERY_MS, () => {
      this.look();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.callOff();
    this.stopping.abort();
    await within(STOP_WITHIN_MS, Promise.all(this.running)).catch(() => undefined);
  }

  /** There may be something to do. */
  look(): void {
    this.looking ??= this.takeWhatIsDue()
      .catch(() => undefined)
      .finally(() => (this.looking = undefined));
  }

  private async takeWhatIsDue(): Promise<void> {
    while (this.running.size < SIDE_BY_SIDE && !this.stopping.signal.aborted) {
      const operation = await this.store.claim(this.holder);
      if (!operation) return;
      const work = this.workOn(operation).finally(() => this.running.delete(work));
      this.running.add(work);
    }
  }

  private async workOn(operation: Operation): Promise<void> {
    try {
      await this.goOn(operation);
    } catch (error) {
      // Redis is away: whoever finds it back first goes on where this has come to.
      if (error instanceof QueueUnavailable) return;
      // What it hides would be hidden for ever.
      if (mustNotStop(operation)) {
        this.news.stumbled(operation, textOf(error));
        return;
      }
      await this.end(operation.id, { state: 'failed', error: textOf(error) }).catch(() => undefined);
    }
  }

  private async goOn(claimed: Operation): Promise<void> {
    const pace = new Pace(claimed.spec.rate, this.stopping.signal);
    let operation: Operation | undefined = claimed;
    while (operation) {
      if (operation.wanted === 'cancel') return this.end(operation.id, { state: 'cancelled' });
      const since = performance.now();
      const step = await this.work.step(operation);
      if (!(await this.record(operation, step))) return;
      if (!(await pace.after(step.acted, performance.now() - since))) return this.letGo(operation.id);
      operation = await this.store.find(operation.id);
    }
  }

  /** @returns whether it goes on here and now */
  private async record(operation: Operation, { progress, onward, done = 0 }: Step): Promise<boolean> {
    const isFirst = operation.startedAt === undefined;
    const set = { ...(isFirst && { startedAt: this.clock.now() }), ...progress.set };
    const at = { id: operation.id, holder: this.holder };
    const wanted = await this.store.advance(at, { ...progress, set }, onward);
    if (wanted === 'lost') return false;
    if (isFirst) this.news.begun(operation);
    this.news.dealtWith(operation, progress, done);
    if (isOver(progress)) await this.tell(operation.id);
    return onward === 'go';
  }

  private async end(id: string, set: { state: OperationState; error?: string }): Promise<void> {
    const wanted = await this.store.advance({ id, holder: this.holder }, { set }, 'end');
    if (wanted !== 'lost') await this.tell(id);
  }

  /** This process stops: another one may take it at once. */
  private async letGo(id: string): Promise<void> {
    await this.store.advance({ id, holder: this.holder }, {}, { waitMs: 0 });
  }

  private async tell(id: string): Promise<void> {
    const operation = await this.store.find(id);
    if (operation) this.news.ended(operation);
  }
}

/** Keeps to a rate. */
class Pace {
  private nextAt = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly stop: AbortSignal,
  ) {}

  /** Waits for as long as so many tasks take, and as the work took: others have their turn. @returns whether to go on */
  async after(tasks: number, tookMs: number): Promise<boolean> {
    const now = performance.now();
    this.nextAt = Math.max(this.nextAt, now) + (tasks * 1000) / this.perSecond;
    const waitMs = Math.max(1, Math.min(tookMs, MOST_REST_MS), this.nextAt - now);
    await sleep(waitMs, undefined, { signal: this.stop }).catch(() => undefined);
    return !this.stop.aborted;
  }
}

/** Whether it is a purge, which is tried again when its lease is over, whatever it met with. */
function mustNotStop({ spec }: Operation): boolean {
  return spec.action === 'purge' && !spec.isDryRun;
}

/** Whether the state has become one that tells of its end, also if it can be undone yet. */
function isOver({ set }: Progress): boolean {
  const state = set?.['state'];
  return state !== undefined && state !== 'running' && state !== 'undoing';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
