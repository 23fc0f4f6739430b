import { Injectable } from '@nestjs/common';
import type { Principal } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { Problems } from '../http/problems.js';
import { validated } from '../http/validation.js';
import type { Accepted } from '../queue/admission/admission.js';
import { BatchBounds } from './batch-bounds.js';
import type { Refused } from './batch-headers.js';
import { faultsInBatch, inBatch } from './batch-problems.js';
import { EnqueueRequest } from '../task-request/enqueue.dto.js';
import { type Call, Intake } from './intake.js';
import type { NamedRequest } from '../task-request/enqueue.dto.js';
import { withClientId } from './read-client-id.js';

/** How long a batch may keep others from being served. */
const TURN_MS = 10;

/** From the tasks of a batch, of which nothing was checked yet, to what became of each. */
@Injectable()
export class BatchIntake {
  constructor(
    private readonly bounds: BatchBounds,
    private readonly intake: Intake,
    private readonly problems: Problems,
  ) {}

  /**
   * Each by itself.
   *
   * @throws ProblemError when the batch as a whole is refused
   */
  async takeEach(tasks: readonly unknown[], call: Call): Promise<(Accepted | Refused)[]> {
    const read = await this.readAll(tasks, call.principal);
    const refusals = await this.bounds.refusals(requestsIn(read));
    return Promise.all(
      read.map(async (each, place): Promise<Accepted | Refused> => {
        if (each instanceof ProblemError) return { kind: 'refused', problem: inBatch(each, place) };
        const problem = refusals.get(each.client_id);
        return problem ? refusedOf(each, problem) : this.takeOne(each, call, place);
      }),
    );
  }

  /**
   * All of them or none.
   *
   * @throws ProblemError that names the tasks that are at fault
   * @throws QueueUnavailable
   */
  async takeAllOrNone(tasks: readonly unknown[], call: Call): Promise<readonly Accepted[]> {
    const read = await this.readAll(tasks, call.principal);
    const requests = requestsIn(read);
    if (requests.length < read.length) {
      throw faultsInBatch(read.map((each) => (each instanceof ProblemError ? each : undefined)));
    }
    await this.bounds.requireAll(requests);
    return this.intake.takeAllOrNone(requests, call);
  }

  /** In turns: others are served in between, however much a batch has in it. */
  private async readAll(
    tasks: readonly unknown[],
    principal: Principal,
  ): Promise<(NamedRequest | ProblemError)[]> {
    const read: (NamedRequest | ProblemError)[] = [];
    let since = performance.now();
    for (const task of tasks) {
      read.push(this.read(task, principal));
      if (performance.now() - since < TURN_MS) continue;
      await new Promise(setImmediate);
      since = performance.now();
    }
    return read;
  }

  private read(task: unknown, principal: Principal): NamedRequest | ProblemError {
    try {
      const request = withClientId(validated(EnqueueRequest, task), principal);
      this.bounds.requireSize(task);
      return request;
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }

  private async takeOne(request: NamedRequest, call: Call, place: number): Promise<Accepted | Refused> {
    try {
      return await this.intake.take(request, call, place);
    } catch (error) {
      const problem = this.problems.of(error);
      // What nobody expected is for the log, and the batch.
      if (problem.init.status === 500) throw error;
      return refusedOf(request, inBatch(problem, place));
    }
  }
}

function refusedOf({ client_id }: NamedRequest, problem: ProblemError): Refused {
  return { kind: 'refused', problem, clientId: client_id };
}

function requestsIn(read: readonly (NamedRequest | ProblemError)[]): NamedRequest[] {
  return read.filter((each): each is NamedRequest => !(each instanceof ProblemError));
}
