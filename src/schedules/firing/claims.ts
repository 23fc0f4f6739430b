import { Injectable } from '@nestjs/common';
import { QueueClock } from '../../queue/queue-clock.js';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { occurrenceId } from '../../task/task-id.js';
import { dueNow } from '../misfire.js';
import type { Progress, Schedule } from '../schedule.js';
import { scripts } from '../scripts.js';
import { OccurrenceSurroundings } from './surroundings.js';

/** A schedule that another worker has created or changed is noticed this late at most. */
const LOOK_EVERY_MS = 1000;
const AT_ONCE = 100;
/** Whoever looks at a schedule and dies leaves it to others after so long. */
const TAKEN_FOR_MS = 2000;

/** Claims the occurrences that are due. Any number of workers do: who is first has it. */
@Injectable()
export class Claims {
  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
    private readonly around: OccurrenceSurroundings,
  ) {}

  /** @returns after how many milliseconds to look again */
  async look(): Promise<number> {
    const args = [this.clock.scriptTime(), AT_ONCE, TAKEN_FOR_MS];
    const reply = await scripts.dueSchedules.run(this.connections.producer, PREFIX, args);
    const [now, untilNext, keys] = reply as [string, number, string[]];
    for (const schedule of await this.around.store.all(keys)) {
      // One that cannot be seen to keeps nobody else waiting.
      await this.around.trying('claims', schedule.key, () => this.claim(schedule, Number(now)));
    }
    if (keys.length === AT_ONCE) return 0;
    return untilNext < 0 ? LOOK_EVERY_MS : Math.min(untilNext + 1, LOOK_EVERY_MS);
  }

  private async claim(schedule: Schedule, now: number): Promise<void> {
    const { key, definition, progress } = schedule;
    if (progress.next === undefined) return;
    const { fire, missed, next } = dueNow(definition, progress.next, now);
    const after: Progress = next === undefined ? {} : { next };
    const occurrences = fire.map((at) => ({ id: occurrenceId(key, at), at }));
    const { metric, store } = this.around;
    const claimed = await store.claim(schedule, { progress: after, occurrences, missed });
    if (!claimed) return;
    metric.skipped('overlap', claimed.overlap);
    metric.skipped('too_many_waiting', claimed.tooMany);
    metric.skipped('missed', missed);
  }
}
