import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PREFIX } from '../redis/keys.js';
import { isRandomId } from '../task/task-id.js';
import type { Task } from '../task/task.js';
import type { QueueClock, ScriptTime } from './queue-clock.js';
import { scripts } from './scripts.js';
import { gatesOf, storedAs } from './stored-task.js';
import type { Added } from './task-queue.js';

/** One batch holds Redis for a few milliseconds at most. */
const MOST_PER_BATCH = 128;

interface Waiting {
  readonly task: Task;
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Stores tasks in batches: one is under way at a time, and what arrives meanwhile forms the next. Nobody waits for a
 * batch to fill up, and the busier it gets the larger they are.
 */
export class AddBatches {
  private readonly waiting: Waiting[] = [];
  /** Names the sender to the script, which knows by it a batch that is sent again. */
  private readonly sender = randomUUID();
  private sent = 0;
  private isFlushing = false;

  constructor(
    private readonly redis: Redis,
    private readonly rules: AddRules,
    private readonly clock: QueueClock,
  ) {}

  add(task: Task): Promise<AddResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, resolve, reject });
      if (!this.isFlushing) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    this.isFlushing = true;
    // Requests that were read from their sockets in the same turn of the event loop go together.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) await this.send(this.waiting.splice(0, MOST_PER_BATCH));
    this.isFlushing = false;
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    try {
      const tasks = batch.map(({ task }) => task);
      const sent: Batch = { tasks, id: [this.sender, ++this.sent] };
      const added = await addTasks(this.redis, sent, this.rules, this.clock.scriptTime());
      for (const [at, result] of added.entries()) batch[at]?.resolve(result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
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
    return data ? { task: JSON.parse(data) as Task, isNew: false } : { task, isNew: true };
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
