import { Injectable } from '@nestjs/common';
import type { FleetFigures, NameFigures } from './fleet-figures.js';
import { byKey, type FleetMetric, gauge, one, sum } from './fleet-metric.js';
import { laneMetrics } from './lane-metrics.js';
import { readAtScrape, type Sample } from './metric.js';

const NAMES = 'METRICS_MAX_NAMES, those with the most tasks';
const NAME_STATES = 'alive, running, deferred';

const byName =
  (label: string, names: (figures: FleetFigures) => readonly NameFigures[]) =>
  (figures: FleetFigures): Sample[] =>
    names(figures).flatMap(({ name, alive, running, deferred }): Sample[] => [
      [alive, { [label]: name, state: 'alive' }],
      [running, { [label]: name, state: 'running' }],
      [deferred, { [label]: name, state: 'deferred' }],
    ]);

const workers: FleetMetric[] = [
  {
    ...gauge,
    name: 'taskqueue_active_workers',
    help: 'Worker processes that are there, whatever their state.',
    labels: {},
    samples: one((figures) => sum(Object.values(figures.workers), (count) => count)),
  },
  {
    ...gauge,
    name: 'taskqueue_workers',
    help: 'Worker processes that are there, by state.',
    labels: { state: 'running, paused, draining, drained' },
    samples: byKey('state', (figures) => figures.workers),
  },
  {
    ...gauge,
    name: 'taskqueue_worker_slots',
    help: 'Slots of all workers in which tasks run, and those of workers that take tasks in which none runs.',
    labels: { state: 'busy, free' },
    samples: ({ busySlots, freeSlots }) => [
      [busySlots, { state: 'busy' }],
      [freeSlots, { state: 'free' }],
    ],
  },
  {
    ...gauge,
    name: 'taskqueue_runnable_tasks',
    help: 'Due tasks that could run now if there were slots; those that a gate holds back do not count.',
    labels: {},
    samples: one(({ runnable }) => runnable),
  },
  {
    ...gauge,
    name: 'taskqueue_desired_workers',
    help: 'How many worker processes the runnable tasks want (GET /v1/autoscale).',
    labels: {},
    samples: one(({ desiredWorkers }) => desiredWorkers),
  },
];

const others: FleetMetric[] = [
  {
    ...gauge,
    name: 'taskqueue_schedules_overdue',
    help: 'Schedules that should have fired more than a minute ago and that no worker has seen to.',
    labels: {},
    samples: one(({ overdueSchedules }) => overdueSchedules),
  },
  {
    ...gauge,
    name: 'taskqueue_circuits',
    help: 'Hosts whose circuit is not closed: open, half_open, or ramping, which lets tasks in again step by step.',
    labels: { state: 'those three' },
    samples: byKey('state', ({ circuits }) => circuits),
  },
  {
    ...gauge,
    name: 'taskqueue_circuit_hosts_remembered',
    help: 'Hosts that anything is remembered of, at most 100,000.',
    labels: {},
    samples: one(({ rememberedHosts }) => rememberedHosts),
  },
  {
    ...gauge,
    name: 'taskqueue_store_memory_bytes',
    help: 'Memory of Redis: used, and max, its maxmemory (0 = none).',
    labels: { kind: 'used, max' },
    samples: ({ usedBytes, maxBytes }) => [
      [usedBytes, { kind: 'used' }],
      [maxBytes, { kind: 'max' }],
    ],
  },
  {
    ...gauge,
    name: 'taskqueue_store_replicas',
    help: 'Replicas of Redis that are in step.',
    labels: {},
    samples: one(({ replicas }) => replicas),
  },
  {
    ...gauge,
    name: 'taskqueue_store_replica_lag_seconds',
    help: 'How long ago the replica was heard of that has been silent for longest; none without replicas.',
    labels: {},
    samples: (figures) => (figures.replicas === 0 ? [] : [[figures.replicaSilentSec]]),
  },
  {
    ...gauge,
    name: 'taskqueue_store_replica_behind_bytes',
    help: 'How far the replica is behind that is furthest behind; none without replicas.',
    labels: {},
    samples: (figures) => (figures.replicas === 0 ? [] : [[figures.replicaBehindBytes]]),
  },
  {
    ...gauge,
    name: 'taskqueue_client_tasks',
    help: 'Tasks of the clients that have the most.',
    labels: { client: NAMES, state: NAME_STATES },
    samples: byName('client', ({ clients }) => clients),
  },
  {
    ...gauge,
    name: 'taskqueue_named_queue_tasks',
    help: 'Tasks in the queues that have the most, lanes included.',
    labels: { queue: NAMES, state: NAME_STATES },
    samples: byName('queue', ({ queues }) => queues),
  },
  {
    ...gauge,
    name: 'taskqueue_host_deferred_tasks',
    help: 'Tasks held by the host they call, of hosts whose circuit is not closed (with its state) or that hold tasks otherwise (closed).',
    labels: { host: NAMES, state: 'open, half_open, ramping, closed' },
    samples: ({ hosts }) => hosts.map(({ name, state, deferred }) => [deferred, { host: name, state }]),
  },
  {
    ...gauge,
    name: 'taskqueue_fleet_counted_timestamp_seconds',
    help: 'When the figures of the whole fleet were counted, Unix time: every process tells the same ones for some seconds.',
    labels: {},
    samples: one(({ at }) => at / 1000),
  },
];

export const fleetMetrics: readonly FleetMetric[] = [...laneMetrics, ...workers, ...others];

/** What every process of the API half tells alike. */
@Injectable()
export class FleetMetrics {
  /** @param read asked at each scrape by every metric; nothing = it is not known */
  measureWith(read: () => Promise<FleetFigures | undefined>): void {
    for (const { samples, ...definition } of fleetMetrics) {
      readAtScrape(definition, async () => {
        const figures = await read();
        return figures ? samples(figures) : [];
      });
    }
  }
}
