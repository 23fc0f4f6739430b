import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ClientJudge } from '../clients/client-judge.js';
import { tooManyRequests } from '../http/ingress-guard.js';
import { ProblemError } from '../http/problem.js';
import { Ingress } from '../queue/admission/ingress.js';
import { nothingStored } from './batch-problems.js';
import type { NamedRequest } from '../task-request/enqueue.dto.js';

/** Why clients of a batch may not have their tasks stored. */
type Refusals = ReadonlyMap<string, ProblemError>;

/** What a batch as a whole is held to. */
@Injectable()
export class BatchBounds {
  private readonly maxTaskBytes: number;

  constructor(
    { service }: Config,
    private readonly judge: ClientJudge,
    private readonly ingress: Ingress,
  ) {
    this.maxTaskBytes = service.maxRequestBytes;
  }

  /** @throws ProblemError when a task would be too large for a request of its own */
  requireSize(task: unknown): void {
    if (Buffer.byteLength(JSON.stringify(task)) <= this.maxTaskBytes) return;
    throw new ProblemError({
      status: 413,
      code: 'payload_too_large',
      detail: `The task is larger than ${this.maxTaskBytes} bytes (MAX_REQUEST_BYTES).`,
      errors: [{ pointer: '', detail: `is larger than ${this.maxTaskBytes} bytes` }],
    });
  }

  /**
   * It counts as so many requests of each of its clients. Who has more than it could ever send at once, or has no token,
   * is refused and pays nothing; the others pay.
   *
   * @throws ProblemError when that leaves nobody
   */
  async refusals(requests: readonly NamedRequest[]): Promise<Refusals> {
    const counts = countsOf(requests);
    const { size } = counts;
    const tooLarge = await this.tooLarge(counts);
    for (const clientId of tooLarge.keys()) counts.delete(clientId);
    const refusals = new Map([...tooLarge, ...(await this.throttled(counts, false))]);
    const [first] = refusals.values();
    if (first && refusals.size === size) throw first;
    return refusals;
  }

  /**
   * The same for a batch that is all or none: nobody pays unless all do.
   *
   * @throws ProblemError when one is refused
   */
  async requireAll(requests: readonly NamedRequest[]): Promise<void> {
    const counts = countsOf(requests);
    const tooLarge = await this.tooLarge(counts);
    const refusals = tooLarge.size > 0 ? tooLarge : await this.throttled(counts, true);
    const place = requests.findIndex(({ client_id }) => refusals.has(client_id));
    const refusal = refusals.get(requests[place]?.client_id ?? '');
    if (refusal) throw nothingStored(refusal.init, place);
  }

  private async throttled(counts: ReadonlyMap<string, number>, isAllOrNone: boolean): Promise<Refusals> {
    const waits = await this.ingress.takeEach(counts, isAllOrNone);
    return new Map([...waits].map(([id, waitMs]) => [id, new ProblemError(tooManyRequests(waitMs))]));
  }

  private async tooLarge(counts: ReadonlyMap<string, number>): Promise<Refusals> {
    const all = [...counts].map(async ([id, count]) => [id, await this.overQuota(id, count)] as const);
    return new Map((await Promise.all(all)).flatMap(([id, problem]) => (problem ? [[id, problem]] : [])));
  }

  private async overQuota(clientId: string, count: number): Promise<ProblemError | undefined> {
    if (!(await this.exceeds(clientId, count))) return undefined;
    // What is known of the client may be old.
    this.judge.forget(clientId);
    const most = await this.exceeds(clientId, count);
    if (!most) return undefined;
    return new ProblemError({
      status: 422,
      code: 'batch_too_large',
      detail: `The batch has ${count} tasks of client ${clientId}, which may enqueue ${most} in 60 seconds. Send smaller batches.`,
    });
  }

  /** The limit that so many tasks exceed, or nothing. */
  private async exceeds(clientId: string, count: number): Promise<number | undefined> {
    const { requestsPerMinute: most = Infinity } = await this.judge.limitsOf(clientId);
    return count > most ? most : undefined;
  }
}

function countsOf(requests: readonly NamedRequest[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { client_id } of requests) counts.set(client_id, (counts.get(client_id) ?? 0) + 1);
  // That it is missing is told of each of its tasks.
  counts.delete('');
  return counts;
}
