import { WebSocket } from 'ws';
import { type Product, startProduct } from '../../support/product.js';
import { Receiver } from '../../support/receiver.js';
import { RedisNode } from '../../support/redis-node.js';
import { type Scrape, scrape } from '../../support/scrape.js';
import { until } from '../../support/until.js';
import type { Jobs } from './prometheus.js';

type Role = 'api' | 'worker';

const addressOf = ({ url }: Product): string => new URL(url).host;
/** Long enough for Prometheus to read every figure twice, and those of the fleet once: they are told for five seconds. */
const SEEN_MS = 7000;

export const HELD_TASKS = 5;

/** An API, a worker, and a Redis with a replica, with something of everything that metrics tell of. */
export class MonitoredProduct {
  private constructor(
    private readonly redis: RedisNode,
    private readonly replica: RedisNode,
    private readonly target: Receiver,
    private readonly processes: Readonly<Record<Role, Product>>,
  ) {}

  static async start(): Promise<MonitoredProduct> {
    const redis = await RedisNode.start(['maxmemory 512mb', 'maxmemory-policy noeviction']);
    const replica = await RedisNode.start([`replicaof 127.0.0.1 ${redis.port}`]);
    const target = await Receiver.start();
    const environment = {
      REDIS_URL: redis.url,
      DURABILITY: 'master',
      ALLOW_LOOPBACK_URLS: 'true',
      LOG_LEVEL: 'info',
      RETRY_MIN_BACKOFF_SEC: '0.05',
      RETRY_JITTER: '0',
      CB_FAILURE_THRESHOLD: '3',
      UNKNOWN_CLIENT_TIER: 'free',
    };
    const api = await startProduct({ ...environment, MODE: 'api' });
    const worker = await startProduct({ ...environment, MODE: 'worker' });
    return new MonitoredProduct(redis, replica, target, { api, worker });
  }

  get jobs(): Jobs {
    const { api, worker } = this.processes;
    return { 'task-runner-api': [addressOf(api)], 'task-runner-worker': [addressOf(worker)] };
  }

  /** What somebody has chosen on the dashboards, by variable; longer names first. */
  get choices(): Readonly<Record<string, string>> {
    return {
      __rate_interval: '30s',
      namespace: 'tasks',
      job: 'task-runner-.*',
      priority: '.*',
      queue: 'default',
      client: 'busy',
      host: this.deadHost,
    };
  }

  async metricsOf(role: Role): Promise<string> {
    return (await fetch(`${this.processes[role].url}/metrics`)).text();
  }

  /** Returns when Prometheus has seen it. */
  async makeTraffic(): Promise<void> {
    const listener = await this.listen();
    await this.hold();
    await this.fail();
    await this.deliver();
    await this.schedule();
    await this.operate();
    await this.beWithoutReplicas();
    for (const role of ['api', 'worker'] as const)
      for (const path of ['/health/ready', '/metrics', '/nowhere'])
        await fetch(this.processes[role].url + path);
    await this.seen();
    // Once more, so that what is counted grows while Prometheus looks.
    await this.deliver();
    await this.seen();
    listener.close();
  }

  async stop(): Promise<void> {
    for (const { child, ended } of Object.values(this.processes)) {
      child.kill('SIGTERM');
      await ended;
    }
    await this.target.stop();
    await this.replica.remove();
    await this.redis.remove();
  }

  /** Nobody listens there. */
  private readonly deadHost = 'http://127.0.0.1:9';

  private async listen(): Promise<WebSocket> {
    const socket = new WebSocket(`${this.processes.api.url.replace('http', 'ws')}/ws`);
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'subscribe' }));
    });
    await until(async () => (await this.read('api')).sum('taskqueue_event_listeners') === 1);
    return socket;
  }

  /** Tasks of a queue that is paused; nothing else is in its lane. */
  private async hold(): Promise<void> {
    await this.send('PUT', '/admin/queues/held', { lane: 'low' });
    await this.send('POST', '/admin/queues/held/pause');
    for (let n = 0; n < HELD_TASKS; n++) await this.enqueue('patient', {}, { queue: 'held' });
  }

  private async deliver(): Promise<void> {
    await this.taskIn('completed', await this.enqueue('plain'));
    await this.taskIn('completed', await this.enqueue('later', {}, { delay: 0.2 }));
    await this.taskIn('completed', await this.enqueue('heard', {}, { callback_url: this.target.url }));
    for (const client of ['waiting', 'busy']) await this.enqueue(client, {}, { delay: 600 });
    // More than its tier allows.
    for (let n = 0; n < 12; n++) await this.enqueue('busy');
  }

  private async fail(): Promise<void> {
    this.target.answer = (_request, response, nth) => response.writeHead(nth % 2 === 0 ? 200 : 503).end();
    this.target.received.length = 0;
    await this.taskIn('completed', await this.enqueue('retried'));
    this.target.answer = (_request, response) => response.writeHead(500).end();
    await this.taskIn('dead_letter', await this.enqueue('busy', {}, { max_retries: 0 }));
    // Tried again when it is too late.
    this.target.answer = (_request, response) => response.writeHead(503, { 'retry-after': '2' }).end();
    await this.enqueue('expired', {}, { ttl: 1 });
    for (let n = 0; n < 4; n++) await this.enqueue('gone', { url: this.deadHost }, { max_retries: 9 });
    await until(
      async () => (await this.read('worker')).sum('taskqueue_circuit_changes_total', { to: 'open' }) > 0,
    );
    await until(
      async () =>
        (await this.read('worker')).sum('taskqueue_tasks_completed_total', { status: 'expired' }) > 0,
    );
    this.target.reset();
  }

  private async schedule(): Promise<void> {
    await this.send('POST', '/v1/schedules', {
      schedule_id: 'every',
      client_id: 'scheduled',
      every: '1s',
      task: { url: this.target.url },
    });
    const fired = 'taskqueue_occurrence_lateness_seconds_count';
    await until(async () => (await this.read('worker')).sum(fired) > 0);
  }

  private async operate(): Promise<void> {
    await this.send('POST', '/admin/operations', { action: 'cancel', filter: { client_id: 'waiting' } });
    await until(async () => (await this.read('api')).sum('taskqueue_operations_total') > 0);
    await until(async () => (await this.read('worker')).sum('taskqueue_callbacks_total') > 0);
  }

  /** Redis refuses writes meanwhile. */
  private async beWithoutReplicas(): Promise<void> {
    const require = (replicas: number) =>
      this.redis.ask((redis) => redis.config('SET', 'min-replicas-to-write', replicas));
    await require(9);
    for (let n = 0; n < 3; n++) await this.enqueue('refused');
    await require(0);
  }

  private async seen(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
  }

  private read(role: Role): Promise<Scrape> {
    return scrape(this.processes[role].url);
  }

  private async send(method: string, path: string, body?: object): Promise<Record<string, string>> {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(this.processes.api.url + path, { method, ...init });
    return (await answer.json()) as Record<string, string>;
  }

  private async enqueue(client: string, task: object = {}, fields: object = {}): Promise<string> {
    const body = { client_id: client, task: { url: this.target.url, ...task }, ...fields };
    return (await this.send('POST', '/v1/enqueue', body))['task_id'] ?? '';
  }

  private async taskIn(state: string, id: string): Promise<void> {
    await until(async () => (await this.send('GET', `/v1/tasks/${id}`))['state'] === state);
  }
}
