import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ClientJudge, type Enqueueing } from '../clients/client-judge.js';
import { tooManyRequests } from '../http/ingress-guard.js';
import type { Principal } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { Ingress } from '../queue/admission/ingress.js';
import type { NamedRequest } from './read-client-id.js';

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
   * It counts as so many requests of its clients.
   *
   * @throws ProblemError when that is more than one of them could ever send at once, or has tokens for; or when the
   *   principal may not send for them
   */
  async require(requests: readonly NamedRequest[], principal: Principal): Promise<void> {
    const counts = new Map<string, number>();
    for (const { client_id } of requests) counts.set(client_id, (counts.get(client_id) ?? 0) + 1);
    // Told of each of its tasks.
    counts.delete('');
    for (const [clientId, count] of counts) await this.requireQuota({ clientId, principal }, count);
    for (const [clientId, count] of counts) {
      const waitMs = await this.ingress.take(clientId, count);
      if (waitMs > 0) throw new ProblemError(tooManyRequests(waitMs));
    }
  }

  private async requireQuota(whose: Enqueueing, count: number): Promise<void> {
    if (!(await this.exceeds(whose, count))) return;
    // What is known of the client may be old.
    this.judge.forget(whose.clientId);
    const most = await this.exceeds(whose, count);
    if (!most) return;
    throw new ProblemError({
      status: 422,
      code: 'batch_too_large',
      detail: `The batch has ${count} tasks of client ${whose.clientId}, which may enqueue ${most} in 60 seconds. Send smaller batches.`,
    });
  }

  /** The limit that so many tasks exceed, or nothing. */
  private async exceeds(whose: Enqueueing, count: number): Promise<number | undefined> {
    const most = (await this.judge.clientOf(whose))?.limits.requestsPerMinute ?? Infinity;
    return count > most ? most : undefined;
  }
}
