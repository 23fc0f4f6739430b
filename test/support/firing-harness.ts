import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { ClientDirectory } from '../../src/clients/client-directory.js';
import { ClientStore } from '../../src/clients/client-store.js';
import { TierStore } from '../../src/clients/tier-store.js';
import { loadConfig } from '../../src/config/load-config.js';
import { HealthRegistry } from '../../src/health/health-registry.js';
import { AdmissionMetric } from '../../src/metrics/admission-metric.js';
import { SubmitterMetrics } from '../../src/metrics/name-metrics.js';
import { ScheduleMetric } from '../../src/metrics/schedule-metric.js';
import { TaskMetrics } from '../../src/metrics/task-metrics.js';
import { Tally } from '../../src/queue/admission/tally.js';
import { GateStore } from '../../src/queue/gates/gate-store.js';
import { RedisQueueRegistry } from '../../src/queue/queues/queue-registry.js';
import { OwnTasks } from '../../src/queue/store/own-tasks.js';
import { TaskNews } from '../../src/queue/task-news.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';
import { Claims } from '../../src/schedules/firing/claims.js';
import { OccurrenceMaker } from '../../src/schedules/firing/occurrence-maker.js';
import { Occurrences } from '../../src/schedules/firing/occurrences.js';
import { Scheduler } from '../../src/schedules/firing/scheduler.js';
import { SchedulerWatch } from '../../src/schedules/firing/scheduler-watch.js';
import { OccurrenceSources, OccurrenceSurroundings } from '../../src/schedules/firing/surroundings.js';
import { ScheduleSecrets } from '../../src/schedules/schedule-secrets.js';
import { ScheduleStore } from '../../src/schedules/schedule-store.js';
import type { Definition, Schedule } from '../../src/schedules/schedule.js';
import { nextFiring, type Timing } from '../../src/schedules/timing.js';
import { TypeMappings } from '../../src/type-mappings/type-mappings.js';
import type { ManualClock } from './manual-clock.js';
import { redisUrl } from './test-app.js';
import { until } from './until.js';

const CLIENT = 'client-a';
const LOOK_EVERY_MS = 250;

/** Schedules and what fires them, by a clock of the test: real Redis, real scripts, the product's own loops. */
export class FiringHarness {
  readonly health = new HealthRegistry();
  readonly redis = new Redis(redisUrl());
  readonly store: ScheduleStore;
  readonly claims: Claims;
  readonly occurrences: Occurrences;
  private readonly connections: RedisConnections;
  private scheduler: Scheduler | undefined;

  private constructor(readonly clock: ManualClock) {
    const config = loadConfig({ REDIS_URL: redisUrl(), UNKNOWN_CLIENT_TIER: 'none' });
    const connections = new RedisConnections(config, this.health);
    this.connections = connections;
    this.store = new ScheduleStore(config, connections, clock);
    const tally = new Tally(
      new TaskMetrics(),
      new AdmissionMetric(),
      new SubmitterMetrics(config),
      new TaskNews(),
    );
    const clientsInStore = new ClientStore(config, connections, clock);
    const clients = new ClientDirectory(
      config,
      clientsInStore,
      new TierStore(config, connections, clock),
      clock,
    );
    const queues = new RedisQueueRegistry(connections, new GateStore(config, connections, clock));
    const types = new TypeMappings(config, connections);
    const sources = new OccurrenceSources(new ScheduleSecrets(config), queues, types);
    const maker = new OccurrenceMaker(
      config,
      new OwnTasks(config, connections, clock, tally),
      clients,
      sources,
    );
    const around = new OccurrenceSurroundings(this.store, new ScheduleMetric());
    this.claims = new Claims(connections, clock, around);
    this.occurrences = new Occurrences(connections, clock, maker, around);
  }

  static async start(clock: ManualClock): Promise<FiringHarness> {
    Logger.overrideLogger(false);
    const harness = new FiringHarness(clock);
    await harness.redis.flushdb();
    await harness.connections.waitUntilReady();
    return harness;
  }

  /** A schedule of client-a that calls somewhere. */
  async schedule(scheduleId: string, timing: Timing, fields: Partial<Definition> = {}): Promise<void> {
    const now = this.clock.now();
    const request = { client_id: CLIENT, schedule_id: scheduleId, task: { url: 'http://target.example/' } };
    const definition: Definition = {
      ...{
        clientId: CLIENT,
        scheduleId,
        timing,
        overlap: 'allow',
        misfire: 'once',
        maxLatenessMs: 3_600_000,
      },
      ...{ request: JSON.stringify(request), createdAt: now, updatedAt: now },
      ...fields,
    };
    const next = nextFiring(timing, now);
    const progress = next === undefined ? {} : { next };
    await this.store.keep(`${CLIENT}.${scheduleId}`, undefined, { definition, progress });
  }

  async find(scheduleId: string): Promise<Schedule> {
    const schedule = await this.store.find(`${CLIENT}.${scheduleId}`);
    if (!schedule) throw new Error(`there is no schedule ${scheduleId}`);
    return schedule;
  }

  /** One more worker process begins to fire. */
  work(): void {
    const watch = new SchedulerWatch(this.health, new ScheduleMetric());
    this.scheduler = new Scheduler(this.clock, watch, this.claims, this.occurrences);
    this.scheduler.start();
  }

  /** Nobody fires any more. */
  async rest(): Promise<void> {
    await this.scheduler?.stop();
    this.scheduler = undefined;
  }

  /** Moves on from one firing to the next, each seen to before time goes on. */
  async runTo(time: number): Promise<void> {
    for (;;) {
      await this.settled();
      const next = Math.min(
        time,
        ...(await this.schedules()).map(({ progress }) => progress.next ?? Infinity),
      );
      if (next <= this.clock.now()) return;
      this.clock.advance(next - this.clock.now());
      if (next === time) {
        await this.settled();
        return;
      }
    }
  }

  /** The times of the tasks that a schedule has become, from the first to the last. */
  async fired(scheduleId: string): Promise<number[]> {
    const keys = await this.redis.keys(`{tr}:default:${CLIENT}.${scheduleId}@*`);
    const times = keys.map((key) => /@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(key)!.slice(1));
    return times
      .map((parts) => parts.map(Number))
      .map(([year, month, ...rest]) => Date.UTC(year!, month! - 1, ...(rest as [number])))
      .toSorted((one, other) => one - other);
  }

  async stop(): Promise<void> {
    await this.rest();
    await this.connections.close();
    await this.redis.quit();
  }

  /** Until nothing is due that the loops have not seen to; they look again after some time of their own. */
  private async settled(): Promise<void> {
    await until(async () => {
      if (await this.isSettled()) return true;
      this.clock.advance(LOOK_EVERY_MS);
      return false;
    });
  }

  private async isSettled(): Promise<boolean> {
    const isDue = ({ progress: { next = Infinity } }: Schedule): boolean => next <= this.clock.now();
    // In the order of their way: what is claimed in between becomes an order.
    if ((await this.schedules()).some(isDue)) return false;
    return (await this.redis.zcard('{tr}:occurrences')) === 0;
  }

  private schedules(): Promise<Schedule[]> {
    return this.store.list(CLIENT, 100, undefined);
  }
}
