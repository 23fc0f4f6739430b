import { Injectable, Logger } from '@nestjs/common';
import { CallbackOrders } from '../queue/callback-orders.js';
import { type CallOff, QueueClock } from '../queue/queue-clock.js';
import { QueueUnavailable } from '../queue/task-queue.js';
import { WorkerPool } from '../queue/worker-pool.js';
import { isUnavailable } from '../redis/unavailable.js';
import { Seldom } from '../time/seldom.js';
import { CallbackMaker } from './callback-maker.js';

/** What ends without a worker, as what is cancelled, is told this late at most. */
const LOOK_EVERY_MS = 1000;
const AT_ONCE = 100;
const SAME_WARNING_EVERY_MS = 60_000;

/** Sees to the orders of callbacks. Any number of workers do; none of it is lost or made twice when one dies. */
@Injectable()
export class CallbackCourier {
  private readonly logger = new Logger('Callbacks');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private timer: CallOff = () => undefined;
  private round: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopped = false;

  constructor(
    private readonly orders: CallbackOrders,
    private readonly maker: CallbackMaker,
    private readonly clock: QueueClock,
    pool: WorkerPool,
  ) {
    pool.onCallbacks(() => {
      this.look();
    });
  }

  start(): void {
    this.timer = this.clock.every(LOOK_EVERY_MS, () => {
      this.look();
    });
    this.look();
  }

  /** Resolves when what it has begun is done; what is left others do. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer();
    await this.round;
  }

  /** One round at a time; who asks meanwhile gets another one. */
  private look(): void {
    this.isAskedAgain = true;
    this.round ??= this.goOn().finally(() => {
      this.round = undefined;
      // Somebody may have asked while this one was ending.
      if (this.isAskedAgain && !this.isStopped) this.look();
    });
  }

  private async goOn(): Promise<void> {
    while (this.isAskedAgain && !this.isStopped) {
      this.isAskedAgain = false;
      try {
        const taken = await this.orders.take(AT_ONCE);
        this.isAskedAgain ||= taken.length === AT_ONCE;
        const done = await Promise.all(
          taken.map(async ([id, text]) => ((await this.isDone(id, text)) ? [id] : [])),
        );
        await this.orders.drop(done.flat());
      } catch (error) {
        this.warn(error);
      }
    }
  }

  private async isDone(id: string, text: string): Promise<boolean> {
    try {
      return await this.maker.carryOut(id, text);
    } catch (error) {
      this.warn(error);
      return false;
    }
  }

  private warn(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!this.seldom.isDue(message)) return;
    const isAway = error instanceof QueueUnavailable || isUnavailable(error);
    const about = isAway ? { reason: message } : { err: error };
    this.logger.warn(about, 'callbacks could not be made; trying again until they are');
  }
}
