import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EventPublisher } from '../events/event-publisher.js';
import { DepthGauge } from '../queue/gauges/depth-gauge.js';
import { EVENTS_SAMPLED_KEY } from '../redis/keys.js';
import { readMemory } from '../redis/memory.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { WORKER_STATES } from '../workers/worker.js';
import { WorkerRegistry } from '../workers/worker-registry.js';

const EVERY_MS = 5000;
const MOST_WORKERS = 1000;

/** Tells listeners now and then how deep the queues are and how the fleet is: one process for all, if anybody listens. */
@Injectable()
export class EventSampler implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: EventPublisher,
    private readonly depths: DepthGauge,
    private readonly workers: WorkerRegistry,
    private readonly connections: RedisConnections,
  ) {}

  start(): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.sample().catch(() => undefined), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async sample(): Promise<void> {
    if (!this.events.isWanted || !(await this.isOurTurn())) return;
    this.events.publish({ kind: 'queue.depth', data: { lanes: await this.lanes() } });
    this.events.publish({ kind: 'system.metrics', data: await this.metrics() });
  }

  private async isOurTurn(): Promise<boolean> {
    const forMs = Math.round(EVERY_MS * 0.9);
    return (await this.connections.producer.set(EVENTS_SAMPLED_KEY, 1, 'PX', forMs, 'NX')) !== null;
  }

  private async lanes(): Promise<object> {
    const lanes: Record<string, Record<string, number>> = {};
    for (const { priority, state, tasks } of await this.depths.count()) {
      lanes[priority] = { ...lanes[priority], [state]: tasks };
    }
    return lanes;
  }

  private async metrics(): Promise<Record<string, unknown>> {
    const [{ workers }, memory] = await Promise.all([
      this.workers.lastKnown(MOST_WORKERS),
      readMemory(this.connections.producer),
    ]);
    const there = workers.filter(({ state }) => state !== 'gone');
    const byState = WORKER_STATES.map((state) => [
      state,
      there.filter((each) => each.state === state).length,
    ]);
    return {
      workers: Object.fromEntries(byState.filter(([state]) => state !== 'gone')) as object,
      slots: there.reduce((sum, { concurrency }) => sum + concurrency, 0),
      busy: there.reduce((sum, { busy }) => sum + busy, 0),
      store_memory_bytes: memory.usedBytes,
    };
  }
}
