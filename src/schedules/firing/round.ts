import { Logger } from '@nestjs/common';
import type { CallOff, QueueClock } from '../../queue/queue-clock.js';
import { QueueUnavailable } from '../../queue/task-queue.js';
import { isUnavailable } from '../../redis/unavailable.js';
import { Seldom } from '../../time/seldom.js';

const SAME_WARNING_EVERY_MS = 60_000;
const AFTER_ERROR_MS = 1000;

/** Does something again and again, one time after the other, whatever goes wrong. */
export class Round {
  private readonly logger = new Logger('Schedules');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private timer: CallOff = () => undefined;
  private isOver = true;
  /** When it last completed, or began, by the clock of `performance.now()`. */
  private completedAt: number | undefined;
  private turn: Promise<void> = Promise.resolve();

  /**
   * @param what is done, for the log
   * @param work gives after how many milliseconds to do it again
   */
  constructor(
    private readonly clock: QueueClock,
    private readonly what: string,
    private readonly work: () => Promise<number>,
  ) {}

  /** For how long it has not completed, milliseconds; 0 while nobody has begun it. */
  get silentMs(): number {
    return this.completedAt === undefined ? 0 : Math.round(performance.now() - this.completedAt);
  }

  start(): void {
    this.isOver = false;
    this.completedAt = performance.now();
    this.next(0);
  }

  /** Resolves when what is under way is done. */
  async stop(): Promise<void> {
    this.isOver = true;
    this.timer();
    await this.turn;
  }

  private next(afterMs: number): void {
    if (this.isOver) return;
    const begin = (): void => {
      this.turn = this.go();
    };
    this.timer = this.clock.after(afterMs, begin, this.clock.scriptTime());
  }

  private async go(): Promise<void> {
    this.next(await this.round());
  }

  private async round(): Promise<number> {
    try {
      const afterMs = await this.work();
      this.completedAt = performance.now();
      return afterMs;
    } catch (error) {
      this.warn(error);
      return AFTER_ERROR_MS;
    }
  }

  private warn(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!this.seldom.isDue(message)) return;
    const isAway = error instanceof QueueUnavailable || isUnavailable(error);
    this.logger.warn(isAway ? { reason: message } : { err: error }, `${this.what} failed; trying again`);
  }
}
