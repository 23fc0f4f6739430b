import type { ClientTasks, DepthGauge } from '../../queue/gauges/depth-gauge.js';
import type { GoTasks } from './task-queue-go.dto.js';
import { laneOf, PRIORITIES, type Priority } from './priority.js';

type Depths = Awaited<ReturnType<DepthGauge['count']>>;
type Place = Depths[number]['state'];

/** How deep the queues are, in all the words that Task Queue Go has for it. */
export function depthWords(depths: Depths): GoTasks {
  const sum = (place: Place, priority?: Priority): number =>
    depths
      .filter((each) => each.state === place && (!priority || each.priority === laneOf(priority)))
      .reduce((total, { tasks }) => total + tasks, 0);
  const byPriority = PRIORITIES.toReversed().map((name) => [name, sum('wait', name)] as const);
  const waiting = sum('wait');
  return {
    queue_depths: Object.fromEntries(byPriority),
    total_pending: waiting,
    queues: Object.fromEntries(
      byPriority.map(([name, depth]) => [name, { depth, priority: PRIORITIES.indexOf(name) }]),
    ),
    scheduled_count: sum('delayed'),
    dlq_size: sum('failed'),
    totals: {
      pending: waiting,
      running: sum('active'),
      scheduled: sum('delayed'),
      completed: sum('completed'),
      dead_letter: sum('failed'),
    },
  };
}

/** The same for a client, which sees its own only: they are not counted by priority. */
export function ownDepthWords({ waiting, running }: ClientTasks): GoTasks {
  return { queue_depths: {}, total_pending: waiting, queues: {}, totals: { pending: waiting, running } };
}
