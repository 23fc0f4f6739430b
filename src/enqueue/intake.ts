import { Injectable } from '@nestjs/common';
import type { Principal } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { type Accepted, type AddResult, isAccepted } from '../queue/admission/admission.js';
import { callerTaskId } from '../task/task-id.js';
import { HTTP_TYPE, isCall, type Task } from '../task/task.js';
import { faultsInBatch, refusalInBatch } from './batch-problems.js';
import type { EnqueueRequest } from '../task-request/enqueue.dto.js';
import { type Asking, Enqueuer } from './enqueuer.js';
import { idempotencyOf } from './idempotency-key.js';
import type { NamedRequest } from '../task-request/enqueue.dto.js';
import { callbackUrls } from '../task-request/read-callbacks.js';
import { withClientId } from './read-client-id.js';
import { refusalProblem } from './refusal-problem.js';
import { type CallHeaders, TaskMaker } from './task-maker.js';

/** What comes with a request besides its body. */
export interface Call {
  readonly headers: CallHeaders;
  readonly principal: Principal;
  readonly idempotencyKey?: string | undefined;
}

/** From requests, whose shape was checked already, to tasks that are stored. */
@Injectable()
export class Intake {
  constructor(
    private readonly maker: TaskMaker,
    private readonly enqueuer: Enqueuer,
  ) {}

  /**
   * @param place where the task stands in its batch, which has paid for all of it
   * @throws ProblemError when the request breaks a rule, or the task was refused
   * @throws QueueUnavailable
   */
  async take(asked: EnqueueRequest, call: Call, place?: number): Promise<Accepted> {
    const request = withClientId(asked, call.principal);
    const made = await this.make(request, call);
    const asking = askingOf(request, call, { place, made });
    const result = await (made instanceof ProblemError
      ? this.storedBefore(request, asking, made)
      : this.store(request, made, asking));
    if (!isAccepted(result)) throw new ProblemError(refusalProblem(result));
    return result;
  }

  /**
   * All of them or none.
   *
   * @throws ProblemError for the first one that was refused, or with every rule that any of them breaks
   * @throws QueueUnavailable
   */
  async takeAllOrNone(requests: readonly NamedRequest[], call: Call): Promise<readonly Accepted[]> {
    const made = await Promise.all(requests.map((request) => this.make(request, call)));
    const askings = requests.map((request, place) => askingOf(request, call, { place, made: made[place] }));
    const tasks = made.flatMap((each) => (each instanceof ProblemError ? [] : [each]));
    if (tasks.length < made.length) return this.allStoredBefore(requests, call, made);
    const results = await this.enqueuer.addAllOrNone(tasks, askings);
    if (!results.every(isAccepted)) throw refusalInBatch(results);
    return results;
  }

  private async store(request: NamedRequest, task: Task, asking: Asking): Promise<AddResult> {
    try {
      return await this.enqueuer.add(task, asking);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.init.code !== 'invalid_request') throw error;
      return this.storedBefore(request, asking, error);
    }
  }

  private async allStoredBefore(
    requests: readonly NamedRequest[],
    call: Call,
    made: readonly (Task | ProblemError)[],
  ): Promise<readonly Accepted[]> {
    const problems = made.map((each) => (each instanceof ProblemError ? each : undefined));
    const problem = faultsInBatch(problems);
    const results = await Promise.all(
      requests.map((request, place) =>
        this.storedBefore(request, askingOf(request, call, { place }), problem),
      ),
    );
    if (!results.every(isAccepted)) throw problem;
    return results;
  }

  private async make(request: NamedRequest, call: Call): Promise<Task | ProblemError> {
    try {
      return await this.maker.make(request, call.headers);
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }

  /**
   * A request that is sent again is answered as it was, also when it breaks a rule by now: times pass.
   *
   * @throws ProblemError the problem that it has now, when it is new
   */
  private async storedBefore(
    request: NamedRequest,
    asking: Asking,
    problem: ProblemError,
  ): Promise<AddResult> {
    const { client_id, task_id } = request;
    if (client_id === '') throw problem;
    const id = task_id ? callerTaskId(client_id, task_id) : undefined;
    const before = await this.enqueuer.replay(id, asking);
    if (!before) throw problem;
    return before;
  }
}

/** Of a request: where it stands in its batch, and what it came to. */
interface Made {
  readonly place?: number | undefined;
  readonly made?: Task | ProblemError | undefined;
}

function askingOf(request: NamedRequest, { principal, idempotencyKey }: Call, { place, made }: Made): Asking {
  return {
    clientId: request.client_id,
    principal,
    urls: {
      ...(made && !(made instanceof ProblemError) && destinationOf(made, request)),
      ...callbackUrls(request),
    },
    isPaid: place !== undefined,
    ...(idempotencyKey !== undefined && { idempotency: idempotencyOf(request, idempotencyKey, place) }),
  };
}

/** The URL that a task calls, if it calls one, and where its request says so. */
function destinationOf({ target }: Task, { task, type }: NamedRequest): Readonly<Record<string, string>> {
  if (!isCall(target)) return {};
  if (task) return { '/task/url': target.url };
  return { [type === HTTP_TYPE ? '/payload/url' : '/type']: target.url };
}
