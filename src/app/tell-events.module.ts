import { Global, Module } from '@nestjs/common';
import { EventPublisher } from '../events/event-publisher.js';
import { TaskMetrics } from '../metrics/task-metrics.js';
import { countEnds } from '../queue/count-tasks.js';
import { HostChanges } from '../queue/gates/host-changes.js';
import { TaskNews } from '../queue/task-news.js';
import { WorkerNews } from '../workers/worker-news.js';
import { circuitHappening, taskHappenings, workerHappening } from './happenings.js';

/** What the queue, the workers and the circuits tell in this process becomes events. They know nothing of events. */
@Global()
@Module({ providers: [TaskNews], exports: [TaskNews] })
export class TellEventsModule {
  constructor(events: EventPublisher, tasks: TaskNews, workers: WorkerNews, circuits: HostChanges) {
    tasks.listen({
      isWanted: () => events.isWanted,
      tell: (item) => {
        for (const happening of taskHappenings(item)) events.publish(happening);
      },
    });
    workers.listen((kind, worker) => {
      events.publish(workerHappening(kind, worker));
    });
    circuits.subscribe((change) => {
      events.publish(circuitHappening(change));
    });
  }
}

/** The same is counted. */
@Module({})
export class CountTasksModule {
  constructor(tasks: TaskNews, metrics: TaskMetrics) {
    tasks.listen({ isWanted: () => true, tell: countEnds(metrics) });
  }
}
