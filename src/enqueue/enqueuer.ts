import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.js';
import { ClientJudge, type Enqueueing } from '../clients/client-judge.js';
import { ProblemError } from '../http/problem.js';
import {
  type Addition,
  type Admission,
  type AddResult,
  type IdempotencyKey,
  isAccepted,
} from '../queue/admission/admission.js';
import { UNRECORDED } from '../queue/admission/admission-rules.js';
import { TaskQueue } from '../queue/task-queue.js';
import type { Task } from '../task/task.js';
import { Tracing } from '../tracing/tracing.js';
import { Tally } from './tally.js';
import { inBatch } from './batch-problems.js';

/** How often a request is judged anew because its client was changed meanwhile. */
const MOST_TRIES = 5;

/** Who asks, and by what the request is known again. */
export interface Asking extends Enqueueing {
  readonly idempotency?: IdempotencyKey | undefined;
  /** Its principal has paid for it already. */
  readonly isPaid: boolean;
}

/** Gives tasks to the queue, with what this process knows of their clients, until it knows enough. */
@Injectable()
export class Enqueuer {
  constructor(
    private readonly queue: TaskQueue,
    private readonly judge: ClientJudge,
    private readonly tally: Tally,
    private readonly tracing: Tracing,
  ) {}

  /** @throws ProblemError, QueueUnavailable */
  async add(task: Task, asking: Asking): Promise<AddResult> {
    const [result] = await this.traced([task], ([traced = task]) =>
      this.untilFresh([asking], async () => [await this.queue.add(traced, await this.admission(asking))]),
    );
    return this.tally.counted(task, result ?? { kind: 'stale' });
  }

  /**
   * Stores all of them or none.
   *
   * @throws ProblemError of the first whose client may not have it stored, with pointers into the batch; QueueUnavailable
   */
  async addAllOrNone(tasks: readonly Task[], askings: readonly Asking[]): Promise<readonly AddResult[]> {
    const results = await this.traced(tasks, (traced) =>
      this.untilFresh(askings, async () => {
        const admissions = await Promise.all(askings.map((asking, place) => this.admission(asking, place)));
        const additions = traced.map((task, at): Addition => ({ task, admission: admissions[at] }));
        return this.queue.addAllOrNone(additions);
      }),
    );
    for (const [at, task] of tasks.entries()) this.tally.counted(task, results[at] ?? { kind: 'stale' });
    return results;
  }

  /**
   * What was answered before to a request that could not be stored any more; nothing when it is new.
   *
   * @param id of its task, when the caller chose it
   * @throws ProblemError, QueueUnavailable
   */
  async replay(id: string | undefined, asking: Asking): Promise<AddResult | undefined> {
    if (id === undefined && !asking.idempotency) return undefined;
    const [result] = await this.untilFresh([asking], async () => {
      // Where it goes was judged then.
      const client = await this.judge.knownClientOf({ ...asking, url: undefined });
      const admission = admissionOf(asking, client);
      const found = await this.queue.replay({ clientId: asking.clientId, id, admission });
      return found ? [found] : [];
    });
    return result;
  }

  /** Attempts will be linked to what is told of here. */
  private async traced(
    tasks: readonly Task[],
    add: (tasks: readonly Task[]) => Promise<readonly AddResult[]>,
  ): Promise<readonly AddResult[]> {
    const spans = tasks.map((task) => this.tracing.enqueue(task));
    try {
      const results = await add(spans.map(({ task }) => task));
      for (const [at, span] of spans.entries()) span.ended(refusalOf(results[at]));
      return results;
    } catch (error) {
      for (const span of spans) span.ended(error instanceof ProblemError ? error.init.code : 'unavailable');
      throw error;
    }
  }

  private async untilFresh(
    askings: readonly Asking[],
    ask: () => Promise<readonly AddResult[]>,
  ): Promise<readonly AddResult[]> {
    for (let tries = 1; ; tries++) {
      const results = await ask();
      if (tries === MOST_TRIES || !results.some(({ kind }) => kind === 'stale')) return results;
      for (const { clientId } of askings) this.judge.forget(clientId);
    }
  }

  private async admission(asking: Asking, place?: number): Promise<Admission> {
    try {
      return admissionOf(asking, await this.judge.clientOf(asking));
    } catch (error) {
      throw place !== undefined && error instanceof ProblemError ? inBatch(error, place) : error;
    }
  }
}

function admissionOf({ clientId, idempotency, isPaid }: Asking, client: Client | undefined): Admission {
  return {
    version: client?.version ?? UNRECORDED,
    ...(!isPaid && { principal: clientId }),
    ...(idempotency && { idempotency }),
  };
}

function refusalOf(result: AddResult | undefined): string | undefined {
  if (!result || isAccepted(result)) return undefined;
  return result.kind === 'full' ? `full_${result.what}` : result.kind;
}
