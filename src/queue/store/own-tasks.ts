import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { bytesAbove, readMemory } from '../../redis/memory.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import type { Task } from '../../task/task.js';
import { type Admission, type AddResult, NO_MEMORY } from '../admission/admission.js';
import { Tally } from '../admission/tally.js';
import { QueueClock } from '../queue-clock.js';
import { maxTaskAgeMs } from '../queue-rules.js';
import { TaskCipher } from '../task-cipher.js';
import { whenAvailable } from '../when-available.js';
import { AddBatches } from './add-batches.js';

/** How old what is known of the memory of Redis may be. */
const LOOK_EVERY_MS = 1000;

/**
 * Adds tasks that the product makes by itself, in the worker half: they are stored as those of requests are, as durably, and
 * where there is no room they are refused.
 */
@Injectable()
export class OwnTasks {
  private readonly batches: AddBatches;
  private readonly cipher: TaskCipher;
  private readonly highPercent: number;
  private isMemoryShort = false;
  private lookedAt = -Infinity;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    clock: QueueClock,
    private readonly tally: Tally,
  ) {
    this.highPercent = config.storage.memoryHighPercent;
    this.cipher = new TaskCipher(config);
    const rules = {
      maxAgeMs: maxTaskAgeMs(config),
      maxAlive: config.storage.maxQueueSize,
      requestsPerSecond: 0,
      isMemoryShort: () => this.isMemoryShort,
    };
    this.batches = new AddBatches([connections.writer], rules, clock);
  }

  /**
   * Stores a task; one whose id is stored already is `replayed`.
   *
   * @param admission without one nothing is asked of its client
   * @throws QueueUnavailable when the store cannot say that it has the task, and it may have it all the same
   */
  async add(task: Task, admission?: Admission): Promise<AddResult> {
    const result = await whenAvailable(async () => {
      await this.lookAtMemory();
      if (this.isMemoryShort) return NO_MEMORY;
      return this.batches.add({ task: this.cipher.seal(task), admission });
    });
    return this.tally.counted(task, result);
  }

  private async lookAtMemory(): Promise<void> {
    if (performance.now() - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = performance.now();
    this.isMemoryShort = bytesAbove(await readMemory(this.connections.producer), this.highPercent) > 0;
  }
}
