import type { WorkerPool } from '../queue/worker-pool.js';
import type { Hold, WorkerState } from './worker.js';

/** What admins want of this worker, done to its pool. */
export class WorkerHold {
  private held: Hold | undefined;
  private handBackTimer: NodeJS.Timeout | undefined;

  /** @param drainMs how long what runs may finish when it is drained; then it is handed back */
  constructor(
    private readonly pool: Pick<WorkerPool, 'pause' | 'resume' | 'handBack'>,
    private readonly drainMs: number,
  ) {}

  /** @returns what is different from now on, if anything is */
  set(held: Hold | undefined): 'paused' | 'draining' | 'resumed' | undefined {
    if (held?.as === this.held?.as) return undefined;
    this.held = held;
    clearTimeout(this.handBackTimer);
    if (!held) {
      this.pool.resume();
      return 'resumed';
    }
    this.pool.pause();
    if (held.as === 'paused') return 'paused';
    this.handBackLater();
    return 'draining';
  }

  /** From now on the shutdown decides when what runs is handed back. */
  stop(): void {
    clearTimeout(this.handBackTimer);
  }

  /** @param busy how many tasks run */
  state(busy: number): WorkerState {
    if (!this.held) return 'running';
    if (this.held.as === 'paused') return 'paused';
    return busy > 0 ? 'draining' : 'drained';
  }

  private handBackLater(): void {
    this.handBackTimer = setTimeout(() => {
      this.pool.handBack();
    }, this.drainMs).unref();
  }
}
