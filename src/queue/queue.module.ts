import { Global, Module } from '@nestjs/common';
import { Backlog } from './gauges/backlog.js';
import { DepthGauge } from './gauges/depth-gauge.js';
import { DeadLetterGroups } from './dead-letters/dead-letter-groups.js';
import { GateStore } from './gates/gate-store.js';
import { laneQueues, laneQueuesProvider } from './gauges/lane-queues.js';
import { Ingress } from './admission/ingress.js';
import { MemoryWatch } from './store/memory-watch.js';
import { Purges } from './purges/purges.js';
import { QueueClock, RedisClock } from './queue-clock.js';
import { QueueGauge } from './queues/queue-gauge.js';
import { QueueRegistry, RedisQueueRegistry } from './queues/queue-registry.js';
import { ScriptTaskQueue } from './store/script-task-queue.js';
import { ScriptTaskReader } from './store/script-task-reader.js';
import { TaskQueue } from './task-queue.js';
import { TaskReader } from './task-reader.js';

/** The doors for the API half: write, read, the gates and the queues. */
@Global()
@Module({
  imports: [laneQueues],
  providers: [
    laneQueuesProvider,
    DeadLetterGroups,
    Backlog,
    DepthGauge,
    GateStore,
    Ingress,
    MemoryWatch,
    Purges,
    QueueGauge,
    { provide: QueueClock, useClass: RedisClock },
    { provide: QueueRegistry, useClass: RedisQueueRegistry },
    { provide: TaskQueue, useClass: ScriptTaskQueue },
    { provide: TaskReader, useClass: ScriptTaskReader },
  ],
  exports: [
    Backlog,
    DeadLetterGroups,
    DepthGauge,
    Ingress,
    MemoryWatch,
    Purges,
    TaskQueue,
    TaskReader,
    GateStore,
    QueueGauge,
    QueueRegistry,
    QueueClock,
  ],
})
export class QueueModule {}
