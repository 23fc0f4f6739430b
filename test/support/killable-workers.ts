import { type Product, startProduct } from './product.js';
import { redisUrl } from './test-app.js';

/** Worker processes whose tasks run again soon after they were killed; what is left of them is killed in the end. */
export class KillableWorkers {
  private readonly all: Product[] = [];

  /** @param environment on top of what all such workers have */
  constructor(private readonly environment: Record<string, string> = {}) {}

  /** @param own what this one has besides */
  async start(own: Record<string, string> = {}): Promise<Product> {
    const worker = await startProduct({
      MODE: 'worker',
      REDIS_URL: redisUrl(),
      ALLOW_LOOPBACK_URLS: 'true',
      WORKER_CONCURRENCY: '20',
      TASK_LOCK_SEC: '2',
      ...this.environment,
      ...own,
    });
    this.all.push(worker);
    return worker;
  }

  async stop(): Promise<void> {
    for (const worker of this.all.splice(0)) {
      worker.child.kill('SIGKILL');
      await worker.ended;
    }
  }
}
