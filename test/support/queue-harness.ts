import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Circuits } from '../../src/circuit-breaker/circuits.js';
import { HostLimits } from '../../src/circuit-breaker/host-limits.js';
import { KnownHosts } from '../../src/circuit-breaker/known-hosts.js';
import { ClientStore } from '../../src/clients/client-store.js';
import { TierStore } from '../../src/clients/tier-store.js';
import { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { HealthRegistry } from '../../src/health/health-registry.js';
import type { AbortHandle } from '../../src/queue/abort-handle.js';
import { HostChanges } from '../../src/queue/gates/host-changes.js';
import { GateStore } from '../../src/queue/gates/gate-store.js';
import { Purges } from '../../src/queue/purges/purges.js';
import { LoopWorkerPool } from '../../src/queue/worker/loop-worker-pool.js';
import { MemoryWatch } from '../../src/queue/store/memory-watch.js';
import { type QueueClock, RedisClock } from '../../src/queue/queue-clock.js';
import { ScriptTaskQueue } from '../../src/queue/store/script-task-queue.js';
import { ScriptTaskReader } from '../../src/queue/store/script-task-reader.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../../src/queue/task-handler.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';
import type { Settlement } from '../../src/task/settlement.js';
import type { Task } from '../../src/task/task.js';
import { type TaskFields, taskOf } from './task-of.js';
import { attemptOf } from './attempt-of.js';
import { redisUrl } from './test-app.js';

/** What a worker of the harness does with a task: resolves to what becomes of it. */
type Work = (claimed: ClaimedTask, abort: AbortHandle) => Promise<Settlement>;

/** The queue by itself: real Redis, real scripts, workers whose handler a test writes. */
export class QueueHarness {
  readonly queue: ScriptTaskQueue;
  readonly reader: ScriptTaskReader;
  readonly gates: GateStore;
  readonly purges: Purges;
  readonly circuits: Circuits;
  readonly hostLimits: HostLimits;
  readonly knownHosts: KnownHosts;
  readonly hostChanges = new HostChanges();
  readonly clients: ClientStore;
  readonly tiers: TierStore;
  readonly redis: Redis;
  private readonly pools: LoopWorkerPool[] = [];
  private readonly connections: RedisConnections[] = [];
  private readonly url: string;
  private count = 0;

  private constructor(
    private readonly environment: Record<string, string>,
    private readonly config: Config,
    readonly clock: QueueClock,
  ) {
    this.url = environment['REDIS_URL'] ?? redisUrl();
    const connections = this.connect(this.url);
    this.queue = this.queueOn(connections);
    this.reader = new ScriptTaskReader(config, connections, clock);
    this.purges = new Purges(config, connections, clock);
    this.gates = new GateStore(config, connections, clock);
    this.circuits = new Circuits(config, connections, clock, this.hostChanges);
    this.hostLimits = new HostLimits(connections, this.gates);
    this.knownHosts = new KnownHosts(this.circuits, this.hostLimits);
    this.clients = new ClientStore(config, connections, clock);
    this.tiers = new TierStore(config, connections, clock);
    this.redis = new Redis(this.url);
  }

  /**
   * @param environment with `REDIS_URL`, a Redis of the test's own
   * @param clock what the queue goes by; by default the time of Redis
   * @param keep leaves what is stored as it is
   */
  static async start(
    environment: Record<string, string> = {},
    clock: QueueClock = new RedisClock(),
    keep = false,
  ): Promise<QueueHarness> {
    Logger.overrideLogger(['error']);
    const config = loadConfig({ REDIS_URL: redisUrl(), ...environment });
    const harness = new QueueHarness(environment, config, clock);
    if (!keep) await harness.redis.flushdb();
    await harness.connections[0]!.waitUntilReady();
    return harness;
  }

  /**
   * Starts one more worker, as a process of its own would be.
   *
   * @param url where it finds Redis; by default where all do
   */
  worker(concurrency: number, work: Work, url = this.url): LoopWorkerPool {
    const config = loadConfig({ ...this.environment, WORKER_CONCURRENCY: String(concurrency) });
    const handler = new WorkHandler(work, this.clock);
    const pool = new LoopWorkerPool(config, this.connect(url), handler, this.clock);
    this.pools.push(pool);
    void pool.start();
    return pool;
  }

  /** A task that is due now unless the fields say otherwise. */
  task(fields: TaskFields = {}): Task {
    return taskOf(this.clock.now(), { id: `task-${++this.count}`, ...fields });
  }

  async add(count: number, fields: TaskFields = {}): Promise<Task[]> {
    const tasks = Array.from({ length: count }, () => this.task(fields));
    await Promise.all(tasks.map((task) => this.queue.add(task)));
    return tasks;
  }

  /** Slots that the store believes to be held, by gate. */
  async held(): Promise<Record<string, string>> {
    return this.redis.hgetall('{tr}:running');
  }

  /** Ends the workers, once everything that they have begun is settled. */
  async drained(): Promise<void> {
    await Promise.all(this.pools.splice(0).map((pool) => pool.drain(0)));
  }

  async stop(): Promise<void> {
    await this.drained();
    await Promise.all(this.connections.map((connections) => connections.close()));
    await this.redis.quit();
  }

  /** One more that enqueues, as a process of its own would be, with Redis at this address. */
  async queueAt(url: string): Promise<ScriptTaskQueue> {
    const connections = this.connect(url);
    await connections.waitUntilReady();
    return this.queueOn(connections);
  }

  /**
   * One more that orders circuits, as a process of its own would.
   *
   * @param before happens each time between what it reads and what it writes
   */
  async circuitsAfter(before: () => Promise<unknown>): Promise<Circuits> {
    const connections = this.connect(this.url);
    await connections.waitUntilReady();
    const write = connections.write.bind(connections);
    connections.write = async (work) => {
      await before();
      return write(work);
    };
    return new Circuits(this.config, connections, this.clock, this.hostChanges);
  }

  private queueOn(connections: RedisConnections): ScriptTaskQueue {
    const memory = new MemoryWatch(this.config, connections, new HealthRegistry());
    return new ScriptTaskQueue(this.config, connections, this.clock, memory);
  }

  private connect(url: string): RedisConnections {
    const connections = new RedisConnections(
      loadConfig({ ...this.environment, REDIS_URL: url }),
      new HealthRegistry(),
    );
    this.connections.push(connections);
    return connections;
  }
}

class WorkHandler extends TaskHandler {
  constructor(
    private readonly work: Work,
    private readonly clock: QueueClock,
  ) {
    super();
  }

  override async handle(claimed: ClaimedTask, abort: AbortHandle): Promise<Handled> {
    const startedAt = this.clock.now();
    const settlement = await this.work(claimed, abort);
    return { attempt: attemptOf(settlement, startedAt, this.clock.now(), claimed.attempt), settlement };
  }
}
