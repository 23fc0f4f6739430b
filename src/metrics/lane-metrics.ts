import type { FleetFigures, LaneFigures } from './fleet-figures.js';
import { byKey, type FleetMetric, gauge, one, sum } from './fleet-metric.js';
import { LANE_LABEL } from './labels.js';
import type { Sample } from './metric.js';

const DEPTHS = ['pending', 'running', 'deferred', 'scheduled'] as const;

const GATES = { gate: 'client, queue, host, client_of_host' };

const perLane =
  (value: (lane: LaneFigures) => number) =>
  ({ lanes }: FleetFigures): Sample[] =>
    lanes.map((lane) => [value(lane), { priority: lane.lane }]);

/** What waits where, and what is kept. */
export const laneMetrics: readonly FleetMetric[] = [
  {
    ...gauge,
    name: 'taskqueue_queue_depth',
    help: 'Tasks that have not ended: pending (may run), running, deferred (held by a gate), scheduled (wait for a time, of their schedule or their backoff).',
    labels: { ...LANE_LABEL, state: 'those four' },
    samples: ({ lanes: all }) =>
      all.flatMap((lane) => DEPTHS.map((state): Sample => [lane[state], { priority: lane.lane, state }])),
  },
  {
    ...gauge,
    name: 'taskqueue_queue_backlog',
    help: 'Tasks that are due and do not run: pending and deferred.',
    labels: LANE_LABEL,
    samples: perLane(({ pending, deferred }) => pending + deferred),
  },
  {
    ...gauge,
    name: 'taskqueue_queue_pending_unacked',
    help: 'Tasks that a worker has taken and not settled yet.',
    labels: LANE_LABEL,
    samples: perLane(({ running }) => running),
  },
  {
    ...gauge,
    name: 'taskqueue_queue_oldest_seconds',
    help: 'For how long the task has been due that has waited longest of those that no gate holds; 0 = none waits.',
    labels: LANE_LABEL,
    samples: perLane(({ oldestSec }) => oldestSec),
  },
  {
    ...gauge,
    name: 'taskqueue_scheduled_tasks',
    help: 'Tasks that wait for a time, of their schedule or their backoff.',
    labels: {},
    samples: one((figures) => sum(figures.lanes, ({ scheduled }) => scheduled)),
  },
  {
    ...gauge,
    name: 'taskqueue_deferred_tasks',
    help: 'Tasks that are due and held, by what holds them: their client, their queue, the host they call, or that host for one client.',
    labels: GATES,
    samples: byKey('gate', ({ deferred }) => deferred),
  },
  {
    ...gauge,
    name: 'taskqueue_dlq_size',
    help: 'Dead letters.',
    labels: {},
    samples: one((figures) => sum(figures.lanes, ({ dead }) => dead)),
  },
  {
    ...gauge,
    name: 'taskqueue_history_tasks',
    help: 'Completed, cancelled and expired tasks that are kept.',
    labels: LANE_LABEL,
    samples: perLane(({ history }) => history),
  },
  {
    ...gauge,
    name: 'taskqueue_history_bytes',
    help: 'Memory of Redis, nearly, that completed, cancelled and expired tasks take up.',
    labels: LANE_LABEL,
    samples: perLane(({ historyBytes }) => historyBytes),
  },
  {
    role: 'api',
    type: 'counter',
    name: 'taskqueue_history_evicted_total',
    help: 'Such tasks that were removed before their time because of HISTORY_MAX_BYTES, by all workers.',
    labels: LANE_LABEL,
    samples: perLane(({ evicted }) => evicted),
  },
];
