import { Injectable } from '@nestjs/common';
import { PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { MAX_TASK_AGE_MS } from '../queue-rules.js';
import { whenAvailable } from '../script-task-queue.js';
import { scripts } from '../scripts.js';
import { encodeLimits, type GateId, type GateLimits } from './gate.js';

/** The port through which limits of clients, states of queues and states of hosts reach the dispatcher. */
@Injectable()
export class GateStore {
  constructor(private readonly connections: RedisConnections) {}

  /**
   * Replaces the limits of a gate. Holds from the next fetch of every worker on, for tasks that are queued already
   * too; what the change lets through is let in at once.
   *
   * @returns how many tasks are still held by it
   * @throws QueueUnavailable
   */
  set(id: GateId, limits: GateLimits): Promise<number> {
    const args = ['', id, encodeLimits(limits), MAX_TASK_AGE_MS];
    return whenAvailable(
      () => scripts.setGate.run(this.connections.producer, PREFIX, args) as Promise<number>,
    );
  }
}
