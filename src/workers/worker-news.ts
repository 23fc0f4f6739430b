import { Injectable, Logger } from '@nestjs/common';
import type { WorkerRecord } from './worker.js';

/** What happens to a worker as a whole; `lost` = it is not heard of any more. */
export type WorkerNewsKind = 'joined' | 'stopped' | 'lost' | 'paused' | 'draining' | 'resumed';

type Listener = (kind: WorkerNewsKind, worker: WorkerRecord) => void;

const WORDS: Record<WorkerNewsKind, string> = {
  joined: 'a worker has joined',
  stopped: 'a worker has left',
  lost: 'a worker is not heard of any more; its tasks run again on others',
  paused: 'a worker was paused; it takes no further tasks',
  draining: 'a worker is being drained; it takes no further tasks and ends what it runs',
  resumed: 'a worker takes tasks again',
};

/** What becomes known in this process of workers: a line in the log, and for whoever listens. */
@Injectable()
export class WorkerNews {
  private readonly logger = new Logger('Workers');
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  tell(kind: WorkerNewsKind, worker: WorkerRecord): void {
    const { id, host, pid } = worker;
    this.logger[kind === 'lost' ? 'warn' : 'log']({ worker_id: id, host, pid }, WORDS[kind]);
    for (const listener of this.listeners) listener(kind, worker);
  }
}
