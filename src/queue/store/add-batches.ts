import { randomUUID } from 'node:crypto';
import { isOutOfMemory } from '../../redis/unavailable.js';
import { within } from '../../redis/within.js';
import type { Writer } from '../../redis/writer.js';
import { type Addition, type AddResult, NO_MEMORY } from '../admission/admission.js';
import type { QueueClock } from '../queue-clock.js';
import { type AddRules, addTasks, type Batch } from './add-tasks.js';

/** One batch holds Redis for a few milliseconds at most. */
const MOST_PER_BATCH = 128;
const BATCH_MS = 1500;
/** What has waited for longer for its turn is not sent any more: with what it looks up first, it is answered within five seconds. */
const MOST_WAIT_MS = 2000;

/** What goes in one piece: mostly one task; several when it is all or none. */
interface Waiting {
  readonly additions: readonly Addition[];
  readonly resolve: (results: AddResult[]) => void;
  readonly reject: (error: unknown) => void;
  /** By the clock of `performance.now()`. */
  readonly since: number;
}

/**
 * Stores tasks in batches: each writer has one under way at a time, and what arrives while all are busy forms the next.
 * Nobody waits for a batch to fill up, and the busier it gets the larger they are.
 */
export class AddBatches {
  private readonly waiting: Waiting[] = [];
  private readonly idle: Sender[];
  private isGathering = false;

  /** @param onBatch told how many tasks went together */
  constructor(
    writers: readonly Writer[],
    rules: AddRules,
    clock: QueueClock,
    private readonly onBatch: (tasks: number) => void = () => undefined,
  ) {
    this.idle = writers.map((writer) => new Sender(writer, rules, clock));
  }

  add(addition: Addition): Promise<AddResult> {
    return new Promise((resolve, reject) => {
      const resolveOne = (results: AddResult[]): void => {
        for (const result of results) resolve(result);
      };
      this.push({ additions: [addition], resolve: resolveOne, reject, since: performance.now() });
    });
  }

  /** In one piece, and nothing else with it: stored are all or none. */
  addAllOrNone(additions: readonly Addition[]): Promise<AddResult[]> {
    if (additions.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.push({ additions, resolve, reject, since: performance.now() });
    });
  }

  private push(waiting: Waiting): void {
    this.waiting.push(waiting);
    this.gather();
  }

  /** Requests that are read from their sockets in the same turn of the event loop go together. */
  private gather(): void {
    if (this.isGathering || this.idle.length === 0 || this.waiting.length === 0) return;
    this.isGathering = true;
    setImmediate(() => {
      this.isGathering = false;
      this.rejectLate();
      if (this.waiting.length === 0) return;
      const [sender] = this.idle.splice(this.next(), 1);
      if (sender) void this.send(sender, this.waiting.splice(0, this.nextLength()));
      this.gather();
    });
  }

  /** With a Redis that hangs one batch after the other would be waited for. */
  private rejectLate(): void {
    const before = performance.now() - MOST_WAIT_MS;
    const late = this.waiting.findIndex(({ since }) => since > before);
    for (const { reject } of this.waiting.splice(0, late < 0 ? this.waiting.length : late))
      reject(new Error(`no answer within ${MOST_WAIT_MS} ms`));
  }

  /** One that is not connected fails at once, and would have the most time of all. */
  private next(): number {
    return Math.max(
      0,
      this.idle.findIndex(({ isReady }) => isReady),
    );
  }

  /** How many of those that wait go together: single tasks up to a number, or the one that is more. */
  private nextLength(): number {
    const end = this.waiting.slice(0, MOST_PER_BATCH).findIndex(({ additions }) => additions.length > 1);
    return end < 0 ? MOST_PER_BATCH : Math.max(1, end);
  }

  private async send(sender: Sender, batch: readonly Waiting[]): Promise<void> {
    try {
      const all = batch.flatMap(({ additions }) => additions);
      this.onBatch(all.length);
      const results = await sender.send(all, all.length > batch.length);
      let at = 0;
      for (const { additions, resolve } of batch) resolve(results.slice(at, (at += additions.length)));
    } catch (error) {
      for (const { additions, resolve, reject } of batch) {
        // Redis refuses by itself what came in between two looks at its memory.
        if (isOutOfMemory(error)) resolve(additions.map(() => NO_MEMORY));
        else reject(error);
      }
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

  async send(additions: readonly Addition[], isAllOrNone: boolean): Promise<AddResult[]> {
    const batch: Batch = { additions, isAllOrNone, id: [this.name, ++this.sent] };
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
