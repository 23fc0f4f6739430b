import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PREFIX } from '../../redis/keys.js';
import { within } from '../../redis/within.js';
import type { Writer } from '../../redis/writer.js';
import { isRandomId } from '../../task/task-id.js';
import type { Task } from '../../task/task.js';
import type { QueueClock, ScriptTime } from '../queue-clock.js';
import { readTask } from '../read-task.js';
import { scripts } from '../scripts.js';
import { gatesOf, storedAs } from './stored-task.js';
import type { Added } from '../task-queue.js';

/** One batch holds Redis for a few milliseconds at most. */
const MOST_PER_BATCH = 128;
/** A request that looks something up first waits for one batch before its own at most: less than five seconds. */
const BATCH_MS = 1500;

interface Waiting {
  readonly task: Task;
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Stores tasks in batches: each writer has one under way at a time, and what arrives while all are busy forms the next.
 * Nobody waits for a batch to fill up, and the busier it gets the larger they are.
 */
export class AddBatches {
  private readonly waiting: Waiting[] = [];
  private readonly idle: Sender[];
  private isGathering = false;

  constructor(writers: readonly Writer[], rules: AddRules, clock: QueueClock) {
    this.idle = writers.map((writer) => new Sender(writer, rules, clock));
  }

  add(task: Task): Promise<AddResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, resolve, reject });
      this.gather();
    });
  }

  /** Requests that are read from their sockets in the same turn of the event loop go together. */
  private gather(): void {
    if (this.isGathering || this.idle.length === 0 || this.waiting.length === 0) return;
    this.isGathering = true;
    setImmediate(() => {
      this.isGathering = false;
      const [sender] = this.idle.splice(this.next(), 1);
      if (sender) void this.send(sender, this.waiting.splice(0, MOST_PER_BATCH));
      this.gather();
    });
  }

  /** One that is not connected fails at once, and would have the most time of all. */
  private next(): number {
    return Math.max(
      0,
      this.idle.findIndex(({ isReady }) => isReady),
    );
  }

  private async send(sender: Sender, batch: readonly Waiting[]): Promise<void> {
    try {
      const added = await sender.send(batch.map(({ task }) => task));
      for (const [at, result] of added.entries()) batch[at]?.resolve(result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.idle.push(sender);
    this.gather();
  }
}

/** One writer, known to the script by name: that is how it knows a batch that is sent again. */
class Sender {
  private name = randomUUID();
  private sent = 0;

  constructor(
    private readonly writer: Writer,
    private readonly rules: AddRules,
    private readonly clock: QueueClock,
  ) {}

  get isReady(): boolean {
    return this.writer.isReady;
  }

  async send(tasks: readonly Task[]): Promise<AddResult[]> {
    const batch: Batch = { tasks, id: [this.name, ++this.sent] };
    const now = this.clock.scriptTime();
    try {
      return await within(
        BATCH_MS,
        this.writer.writeAgain((redis) => addTasks(redis, batch, this.rules, now)),
      );
    } catch (error) {
      // The batch may be under way still. The script knows a repeat only of the last batch of a name.
      this.name = randomUUID();
      throw error;
    }
  }
}

/** What was stored, or `full` when there was no room for it. */
export type AddResult = Added | 'full';

/** What holds for every task that is added. */
export interface AddRules {
  /** How long a gate may hold a task after it was due, milliseconds. */
  readonly maxAgeMs: number;
  /** How many tasks may be alive at once; 0 = any number. */
  readonly maxAlive: number;
}

/** Tasks that are stored together. */
export interface Batch {
  readonly tasks: readonly Task[];
  /** Who sends it and its number there: the same for a repeat, which then stores nothing twice. */
  readonly id: readonly [sender: string, number: number];
}

export async function addTasks(
  redis: Redis,
  { tasks, id }: Batch,
  { maxAgeMs, maxAlive }: AddRules,
  now: ScriptTime,
): Promise<AddResult[]> {
  const args = [now, maxAgeMs, ...id, maxAlive, tasks.length, ...tasks.flatMap(taskArgs)];
  const results = (await scripts.addTasks.run(redis, PREFIX, args)) as string[];
  return tasks.map((task, at) => {
    const data = results[at];
    if (data === 'full') return data;
    // Its id is taken also when nobody can read any more by what.
    return data ? { task: readTask(task.id, data) ?? task, isNew: false } : { task, isNew: true };
  });
}

function taskArgs(task: Task): (string | number)[] {
  return [
    task.id,
    isRandomId(task.id) ? 0 : 1,
    task.lane,
    gatesOf(task),
    task.createdAt,
    task.scheduledAt,
    task.expiresAt ?? '',
    ...storedAs(task),
  ];
}
