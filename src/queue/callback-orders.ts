import { Injectable } from '@nestjs/common';
import { PREFIX } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { QueueClock } from './queue-clock.js';
import { scripts } from './scripts.js';

/** Whoever takes an order and cannot carry it out leaves it to others after so long. */
const TAKEN_FOR_MS = 10_000;

/** The orders of callbacks, which are made by the scripts that end tasks. */
@Injectable()
export class CallbackOrders {
  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {}

  /** Takes some for a while, the oldest first. Those that are carried out are to be dropped. */
  async take(most: number): Promise<(readonly [id: string, text: string])[]> {
    const values = (await scripts.takeCallbacks.run(this.connections.producer, PREFIX, [
      this.clock.scriptTime(),
      most,
      TAKEN_FOR_MS,
    ])) as string[];
    return Array.from({ length: values.length / 2 }, (_, at) => [
      values[2 * at] ?? '',
      values[2 * at + 1] ?? '',
    ]);
  }

  async drop(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await scripts.dropCallbacks.run(this.connections.producer, PREFIX, ['', ...ids]);
  }
}
