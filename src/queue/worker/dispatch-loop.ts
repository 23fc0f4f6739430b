import { randomUUID } from 'node:crypto';
import type { ScriptTime } from '../queue-clock.js';
import { newsOf } from '../task-news.js';
import type { LoopOptions } from './loop-options.js';
import type { Runner } from './runner.js';
import { type SettledTask, wantsCallback } from './settled-task.js';
import { type FetchedTask, step, type StepReply, type StepRequest } from './step.js';

/** One turn holds Redis for some milliseconds at most. */
const MOST_PER_STEP = 128;
const AFTER_ERROR_MS = 500;
const LONGEST_TIMER_MS = 60_000;

/**
 * The one loop of a worker process. A turn settles what has ended and fetches what goes next in one round trip; with
 * nothing to do it sleeps in one blocking call. Only one turn is under way at a time, so that what ends meanwhile
 * forms the next batch by itself.
 */
export class DispatchLoop {
  private readonly settled: SettledTask[] = [];
  private running = 0;
  private mayHaveWork = true;
  /** The first turn is taken also without a free slot: the start waits for it. */
  private isCalled = true;
  private isDraining = false;
  private timeOfTurn: ScriptTime = '';
  /** Learned from each reply. Nothing is settled before the first. */
  private aheadMs = 0;
  private stopDueTimer: () => void = () => undefined;
  private poke: () => void = () => undefined;
  private ended: Promise<void> = Promise.resolve();
  private answered: () => void = () => undefined;
  private readonly firstTurn = new Promise<void>((resolve) => {
    this.answered = resolve;
  });

  constructor(
    private readonly options: LoopOptions,
    private readonly runner: Runner,
  ) {}

  /** Resolves when the store has answered for the first time. */
  start(): Promise<void> {
    this.ended = this.loop();
    return this.firstTurn;
  }

  /** Fetches nothing more; resolves when everything that runs has been settled. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.poke();
    await this.ended;
  }

  /** Whether it drains, and nothing runs or is to be settled any more. */
  isDone(): boolean {
    return this.isDraining && this.running === 0 && this.settled.length === 0;
  }

  private async loop(): Promise<void> {
    while (!this.isDone()) {
      if (this.hasNothingToDo()) {
        await this.rest();
      } else {
        // Sockets that have answers are read one after the other: what all of them end belongs into one turn.
        await new Promise(setImmediate);
        const reply = await this.turn();
        if (reply) this.take(reply);
      }
    }
    this.stopDueTimer();
  }

  private hasNothingToDo(): boolean {
    return this.settled.length === 0 && !this.isCalled && !(this.mayHaveWork && this.free > 0);
  }

  private get free(): number {
    return this.isDraining ? 0 : Math.max(0, this.options.slots() - this.running);
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => {
      this.poke = resolve;
      this.options.sleeper.watch(
        () => this.free > 0,
        () => {
          this.isCalled = true;
          this.lookAgain();
        },
      );
    });
  }

  /** There may be something to do. */
  lookAgain(): void {
    this.mayHaveWork = true;
    this.poke();
  }

  /**
   * Repeats the same request until Redis has answered it: whether it was carried out before does not matter. Gives up
   * only when it would settle nothing, and nothing is to be fetched any more.
   */
  private async turn(): Promise<StepReply | undefined> {
    const { redis, settings, shares, clock } = this.options;
    const request: StepRequest = {
      id: randomUUID(),
      capacity: Math.min(this.free, MOST_PER_STEP),
      settled: this.settled.splice(0, MOST_PER_STEP),
      aheadMs: this.aheadMs,
      laneTimes: shares.times,
      laneCharges: shares.charges,
    };
    [this.mayHaveWork, this.isCalled] = [false, false];
    this.timeOfTurn = clock.scriptTime();
    for (;;) {
      try {
        const reply = await step(redis, settings, request, this.timeOfTurn);
        this.aheadMs = clock.now() - reply.now;
        this.heard(request, reply);
        return reply;
      } catch (error) {
        this.runner.onError(error);
        if (request.settled.length === 0 && this.isDone()) return undefined;
        await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR_MS));
      }
    }
  }

  private heard(request: StepRequest, reply: StepReply): void {
    this.answered();
    const taken = reply.fetched.length + reply.unreadable.length;
    this.mayHaveWork ||= request.capacity > 0 && taken === request.capacity;
    this.options.onTurn?.(request.settled.length, reply.fetched.length);
    this.tell(request, reply);
    if (request.settled.some(wantsCallback)) this.options.onCallbacks();
  }

  private tell({ settled }: StepRequest, { lost, ended }: StepReply): void {
    const { taskNews } = this.options;
    if (!taskNews.isHeard) return;
    const ours = settled.filter(({ id }) => !lost.includes(id));
    for (const item of newsOf(ours, ended)) taskNews.tell(item);
  }

  private take(reply: StepReply): void {
    for (const fetched of reply.fetched) this.begin(fetched, reply.waiting);
    for (const task of reply.unreadable) this.settled.push(this.runner.onUnreadable(task));
    for (const id of reply.cancelled) this.runner.cancel(id);
    if (reply.historyBytes !== undefined) this.options.onHistory(reply.historyBytes);
    this.options.hostChanges.tell(reply.circuitChanges);
    if (reply.lost.length > 0) this.runner.onLost(reply.lost);
    this.options.shares.settleIdle(reply.waiting);
    this.options.watchdog.turned(
      this.free > 0 ? reply.waiting.reduce((sum, tasks) => sum + tasks, 0) : 0,
      this.running,
    );
    this.setDueTimer(reply.nextDueMs);
  }

  private begin(fetched: FetchedTask, waiting: readonly number[]): void {
    const { shares } = this.options;
    const run = shares.started(fetched.lane, waiting);
    this.running++;
    void this.runner.run(fetched).then((settled) => {
      shares.ended(run);
      this.running--;
      this.settled.push(settled);
      this.mayHaveWork = true;
      this.poke();
    });
  }

  /** The blocking call does not know of times: a timer looks when the next task is due. */
  private setDueTimer(nextDueMs: number | undefined): void {
    this.stopDueTimer();
    if (nextDueMs === undefined || this.isDraining) return;
    const look = (): void => {
      if (this.free > 0) this.lookAgain();
      else this.options.sleeper.wakeAnother();
    };
    const afterMs = Math.min(nextDueMs + 1, LONGEST_TIMER_MS);
    this.stopDueTimer = this.options.clock.after(afterMs, look, this.timeOfTurn);
  }
}
