import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Counter, Gauge } from 'prom-client';
import { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { HealthRegistry } from '../../src/health/health-registry.js';
import { StoreMetric } from '../../src/metrics/store-metric.js';
import { GateStore } from '../../src/queue/gates/gate-store.js';
import { LoopWorkerPool } from '../../src/queue/loop-worker-pool.js';
import { MemoryWatch } from '../../src/queue/memory-watch.js';
import { ScriptTaskQueue } from '../../src/queue/script-task-queue.js';
import { ScriptTaskReader } from '../../src/queue/script-task-reader.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../../src/queue/task-handler.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';
import type { Attempt } from '../../src/task/attempt.js';
import type { Lane } from '../../src/task/lane.js';
import type { Settlement } from '../../src/task/settlement.js';
import type { Task } from '../../src/task/task.js';
import { redisUrl } from './test-app.js';

/** What a worker of the harness does with a task: resolves to what becomes of it. */
type Work = (claimed: ClaimedTask, signal: AbortSignal) => Promise<Settlement>;

type TaskFields = Partial<Task> & { delayMs?: number };

/** The queue by itself: real Redis, real scripts, workers whose handler a test writes. */
export class QueueHarness {
  readonly queue: ScriptTaskQueue;
  readonly reader: ScriptTaskReader;
  readonly gates: GateStore;
  readonly redis: Redis;
  private readonly pools: LoopWorkerPool[] = [];
  private readonly connections: RedisConnections[] = [];
  private count = 0;

  private constructor(
    private readonly environment: Record<string, string>,
    private readonly config: Config,
  ) {
    const connections = this.connect();
    const memory = new MemoryWatch(config, connections, storeMetric(), new HealthRegistry());
    this.queue = new ScriptTaskQueue(config, connections, memory);
    this.reader = new ScriptTaskReader(config, connections);
    this.gates = new GateStore(connections);
    this.redis = new Redis(redisUrl());
  }

  /** @param keep leaves what is stored as it is */
  static async start(environment: Record<string, string> = {}, keep = false): Promise<QueueHarness> {
    Logger.overrideLogger(['error']);
    const harness = new QueueHarness(environment, loadConfig({ REDIS_URL: redisUrl(), ...environment }));
    if (!keep) await harness.redis.flushdb();
    await harness.connections[0]!.waitUntilReady();
    return harness;
  }

  /** Starts one more worker, as a process of its own would be. */
  worker(concurrency: number, work: Work): LoopWorkerPool {
    const config = loadConfig({ ...this.environment, WORKER_CONCURRENCY: String(concurrency) });
    const pool = new LoopWorkerPool(config, this.connect(), new WorkHandler(work), new HealthRegistry());
    this.pools.push(pool);
    void pool.start();
    return pool;
  }

  /** A task that is due now unless the fields say otherwise. */
  task({ delayMs = 0, ...fields }: TaskFields = {}): Task {
    const now = Date.now();
    const lane: Lane = fields.lane ?? 'default';
    return {
      id: `task-${++this.count}`,
      clientId: 'client-a',
      queue: lane,
      lane,
      target: { url: 'http://target.example/', method: 'POST', headers: [] },
      createdAt: now,
      scheduledAt: now + delayMs,
      maxRetries: 5,
      retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 300_000, jitter: 0.1 },
      timeoutMs: 1000,
      metadata: {},
      ...fields,
    };
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

  async stop(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.drain(0)));
    await Promise.all(this.connections.map((connections) => connections.close()));
    await this.redis.quit();
  }

  private connect(): RedisConnections {
    const connections = new RedisConnections(this.config, new HealthRegistry());
    this.connections.push(connections);
    return connections;
  }
}

function storeMetric(): StoreMetric {
  const options = { help: 'of nobody', registers: [] };
  return new StoreMetric(
    new Gauge({ ...options, name: 'memory', labelNames: ['kind'] }),
    new Counter({ ...options, name: 'refused', labelNames: ['reason'] }),
  );
}

class WorkHandler extends TaskHandler {
  constructor(private readonly work: Work) {
    super();
  }

  override async handle(claimed: ClaimedTask, signal: AbortSignal): Promise<Handled> {
    const startedAt = Date.now();
    const settlement = await this.work(claimed, signal);
    const endedAt = Date.now();
    const classes: Partial<Record<Settlement['kind'], Attempt['class']>> = {
      complete: 'succeeded',
      hand_back: 'interrupted',
    };
    const attempt = {
      number: claimed.attempt,
      startedAt,
      endedAt,
      class: classes[settlement.kind] ?? 'rejected',
      timings: { totalMs: endedAt - startedAt },
    };
    return { attempt, settlement };
  }
}
