import { Injectable } from '@nestjs/common';
import { QueueClock } from '../../queue/queue-clock.js';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import type { Schedule, SkipReason } from '../schedule.js';
import { scripts } from '../scripts.js';
import { isRunId } from '../../task/task-id.js';
import { OccurrenceMaker } from './occurrence-maker.js';
import { OccurrenceSurroundings } from './surroundings.js';

const LOOK_EVERY_MS = 250;
const AT_ONCE = 100;
/** Whoever takes an occurrence and dies leaves it to others after so long. */
const TAKEN_FOR_MS = 5000;
/** How often it is looked whether the occurrence before has ended. */
const WAITS_MS = 1000;

/** An occurrence that was claimed and is no task yet. Times are Unix milliseconds. */
interface Order {
  readonly id: string;
  readonly key: string;
  readonly at: number;
  /** How many tasks in a row led to it. */
  readonly depth: number;
  /** The occurrence before has not ended. */
  readonly isBehind: boolean;
}

/** Turns occurrences that were claimed into tasks. Any number of workers do; none is lost or made twice when one dies. */
@Injectable()
export class Occurrences {
  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
    private readonly maker: OccurrenceMaker,
    private readonly around: OccurrenceSurroundings,
  ) {}

  /** @returns after how many milliseconds to look again */
  async look(): Promise<number> {
    const args = [this.clock.scriptTime(), AT_ONCE, TAKEN_FOR_MS];
    const reply = await scripts.takeOccurrences.run(this.connections.producer, PREFIX, args);
    const [now = '', ...values] = reply as string[];
    const orders = ordersIn(values);
    const schedules = await this.around.store.all([...new Set(orders.map(({ key }) => key))]);
    const byKey = new Map(schedules.map((schedule) => [schedule.key, schedule]));
    const seen = orders.map((order) => {
      const work = (): Promise<void> => this.carryOut(order, byKey.get(order.key), Number(now));
      return this.around.trying('occurrences', order.key, work);
    });
    // Whatever one of them throws, none of them is left behind.
    for (const each of await Promise.allSettled(seen)) if (each.status === 'rejected') throw each.reason;
    return orders.length === AT_ONCE ? 0 : LOOK_EVERY_MS;
  }

  private carryOut(order: Order, schedule: Schedule | undefined, now: number): Promise<void> {
    if (!schedule) return this.settle(order, 'dropped');
    return isRunId(order.id) ? this.fire(order, schedule, now) : this.carryOutTimed(order, schedule, now);
  }

  private carryOutTimed(order: Order, schedule: Schedule, now: number): Promise<void> {
    const { createdAt, overlap, maxLatenessMs } = schedule.definition;
    // Of one of the same id that was deleted.
    if (order.at <= createdAt) return this.settle(order, 'dropped');
    if (schedule.progress.isPaused) return this.leaveOut(order, 'paused');
    const mustWait = order.isBehind && overlap === 'queue';
    if (now - order.at > maxLatenessMs) return this.leaveOut(order, mustWait ? 'overlap' : 'missed');
    return mustWait ? this.settle(order, 'again', WAITS_MS) : this.fire(order, schedule, now);
  }

  private async fire(order: Order, schedule: Schedule, now: number): Promise<void> {
    const { id, at, depth } = order;
    const fired = await this.maker.fire(schedule, { id, at, depth }, now);
    if (fired.kind === 'fired') {
      if (fired.isNew) this.around.metric.fired(Math.max(0, now - at) / 1000);
      return this.settle(order, 'fired');
    }
    if (fired.kind === 'skipped') return this.leaveOut(order, fired.reason);
    const { afterMs, unlessLate } = fired;
    const isTooLate = now + afterMs - at > schedule.definition.maxLatenessMs;
    if (isTooLate && unlessLate) return this.leaveOut(order, unlessLate);
    return this.settle(order, 'again', afterMs);
  }

  private leaveOut(order: Order, reason: SkipReason): Promise<void> {
    this.around.metric.skipped(reason, 1);
    this.around.tell(order.key, order.id, reason);
    return this.settle(order, reason);
  }

  private async settle({ key, id }: Order, what: string, afterMs = 0): Promise<void> {
    const args = [this.clock.scriptTime(), key, id, what, afterMs];
    await scripts.settleOccurrence.run(this.connections.producer, PREFIX, args);
  }
}

const VALUES = 5;

function ordersIn(values: readonly string[]): Order[] {
  return Array.from({ length: values.length / VALUES }, (_, n) => {
    const [id = '', key = '', at, depth, isBehind] = values.slice(VALUES * n, VALUES * (n + 1));
    return { id, key, at: Number(at), depth: Number(depth), isBehind: Number(isBehind) === 1 };
  });
}
