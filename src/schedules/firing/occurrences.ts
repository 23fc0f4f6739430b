import { Injectable } from '@nestjs/common';
import { QueueClock } from '../../queue/queue-clock.js';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import type { Schedule } from '../schedule.js';
import { scripts } from '../scripts.js';
import { type Fired, OccurrenceMaker } from './occurrence-maker.js';
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
    await Promise.all(orders.map((order) => this.carryOut(order, byKey.get(order.key), Number(now))));
    return orders.length === AT_ONCE ? 0 : LOOK_EVERY_MS;
  }

  private carryOut(order: Order, schedule: Schedule | undefined, now: number): Promise<void> {
    if (!schedule) return this.settle(order, 'deleted');
    const isByHand = order.id.includes('@run-');
    const mustWait = order.isBehind && schedule.definition.overlap === 'queue' && !isByHand;
    return mustWait ? this.settle(order, 'again', WAITS_MS) : this.fire(order, schedule, now);
  }

  private async fire(order: Order, schedule: Schedule, now: number): Promise<void> {
    const { id, key, at } = order;
    const fired = await this.maker.fire(schedule, id, { at, now });
    if (fired.kind === 'fired') {
      if (fired.isNew) this.around.metric.fired(Math.max(0, now - at) / 1000);
      return this.settle(order, 'fired');
    }
    const reason = skipReason(fired, now - at > schedule.definition.maxLatenessMs);
    if (reason === undefined) return this.settle(order, 'again', 'afterMs' in fired ? fired.afterMs : 0);
    this.around.metric.skipped(reason, 1);
    this.around.tell(key, id, reason);
    return this.settle(order, reason);
  }

  private async settle({ key, id }: Order, what: string, afterMs = 0): Promise<void> {
    const args = [this.clock.scriptTime(), key, id, what, afterMs];
    await scripts.settleOccurrence.run(this.connections.producer, PREFIX, args);
  }
}

/** What could be had later may be too late by then. */
function skipReason(fired: Exclude<Fired, { kind: 'fired' }>, isTooLate: boolean) {
  if (fired.kind === 'skipped') return fired.reason;
  return isTooLate ? fired.unlessLate : undefined;
}

function ordersIn(values: readonly string[]): Order[] {
  return Array.from({ length: values.length / 4 }, (_, n) => {
    const [id = '', key = '', at, isBehind] = values.slice(4 * n, 4 * n + 4);
    return { id, key, at: Number(at), isBehind: Number(isBehind) === 1 };
  });
}
