import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { FleetFigures } from '../metrics/fleet-figures.js';
import { Backlog } from '../queue/gauges/backlog.js';
import { CIRCUITS_KEY, SCHEDULES_DUE_KEY } from '../redis/keys.js';
import { readMemory } from '../redis/memory.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { type ReplicationInfo, readReplicationInfo } from '../redis/replication/replication-info.js';
import { WORKER_STATES, type Worker } from '../workers/worker.js';
import { WorkerRegistry } from '../workers/worker-registry.js';
import { desiredWorkers } from './desired-workers.js';
import { largestNames, troubledHosts } from './names-in-store.js';

const WORKERS_AT_ONCE = 1000;
/** As of what a schedule counts as missed (schedules/misfire.ts). */
const OVERDUE_MS = 60_000;

/** All that is told of the fleet, with what the number of workers is made from. */
export interface Survey extends FleetFigures {
  /** Workers that an admin has paused or drained. */
  readonly heldWorkers: number;
  /** Tasks that they run. */
  readonly heldBusy: number;
  readonly slotsPerWorker: number;
  readonly meanAttemptMs?: number | undefined;
}

/** Counts the whole fleet: dozens of round trips, none of which holds Redis for long. */
@Injectable()
export class FleetSurvey {
  constructor(
    private readonly config: Config,
    private readonly connections: RedisConnections,
    private readonly backlog: Backlog,
    private readonly registry: WorkerRegistry,
  ) {}

  async take(): Promise<Survey> {
    const { autoscale, metrics } = this.config;
    const redis = this.connections.producer;
    const { parked, ...backlog } = await this.backlog.count(autoscale.drainSec * 1000);
    const running = backlog.lanes.reduce((sum, lane) => sum + lane.running, 0);
    const fleet = this.fleetOf(await this.workers(), running);
    const memory = await readMemory(redis);
    const replication = readReplicationInfo(await redis.info('replication'));
    const due = (before: number): Promise<number> => redis.zcount(SCHEDULES_DUE_KEY, '-inf', before);
    // Without a worker nobody makes tasks of them.
    const runnable = backlog.runnable + (await due(Date.now()));
    return {
      at: Date.now(),
      ...backlog,
      ...fleet,
      desiredWorkers: desiredWorkers({ ...fleet, busySlots: running - fleet.heldBusy, runnable }, autoscale),
      ...memory,
      ...replicaFigures(replication),
      ...(await largestNames(redis, metrics.maxNames, parked)),
      overdueSchedules: await due(Date.now() - OVERDUE_MS),
      rememberedHosts: await redis.hlen(CIRCUITS_KEY),
      ...(await troubledHosts(redis, metrics.maxNames, parked)),
    };
  }

  private async workers(): Promise<Worker[]> {
    const there: Worker[] = [];
    let after: string | undefined;
    do {
      const { workers, next } = await this.registry.lastKnown(WORKERS_AT_ONCE, after);
      there.push(...workers.filter(({ state }) => state !== 'gone'));
      after = next;
    } while (after !== undefined);
    return there;
  }

  private fleetOf(
    there: readonly Worker[],
    busySlots: number,
  ): Pick<
    Survey,
    'workers' | 'busySlots' | 'freeSlots' | 'heldWorkers' | 'heldBusy' | 'slotsPerWorker' | 'meanAttemptMs'
  > {
    const taking = there.filter(({ state }) => state === 'running');
    const held = there.filter((worker) => worker.held);
    const sum = (of: readonly Worker[], value: (worker: Worker) => number): number =>
      of.reduce((total, worker) => total + value(worker), 0);
    const means = there.flatMap(({ meanMs }) => meanMs ?? []);
    const states = WORKER_STATES.filter((state) => state !== 'gone');
    return {
      workers: Object.fromEntries(
        states.map((state) => [state, sum(there, (worker) => Number(worker.state === state))]),
      ),
      busySlots,
      freeSlots: Math.max(0, sum(taking, ({ concurrency }) => concurrency) - busySlots),
      heldWorkers: held.length,
      heldBusy: Math.min(
        busySlots,
        sum(held, ({ busy }) => busy),
      ),
      slotsPerWorker:
        there.length === 0
          ? this.config.delivery.concurrency
          : sum(there, ({ concurrency }) => concurrency) / there.length,
      meanAttemptMs:
        means.length === 0 ? undefined : means.reduce((total, mean) => total + mean, 0) / means.length,
    };
  }
}

function replicaFigures({
  offset,
  replicas,
}: ReplicationInfo): Pick<Survey, 'replicas' | 'replicaSilentSec' | 'replicaBehindBytes'> {
  const all = [...replicas.values()];
  return {
    replicas: all.length,
    replicaSilentSec: Math.max(0, ...all.map(({ silentSec }) => silentSec)),
    replicaBehindBytes: Math.max(0, ...all.map((replica) => offset - replica.offset)),
  };
}
