import { Injectable } from '@nestjs/common';
import { SigningKeys, UnreadableSecret } from '../clients/signing-keys.js';
import type { Task } from '../task/task.js';
import { Clock } from '../time/clock.js';
import type { Failed, OutgoingRequest } from './http-sender.js';
import { signRequest, webhookId } from './sign-request.js';

/** Signs the calls of clients that have secrets. */
@Injectable()
export class RequestSigner {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  /** The request as it is to be sent, or what there is instead of a call: none is sent without its signature. */
  async signed(request: OutgoingRequest, { id, clientId }: Task): Promise<OutgoingRequest | Failed> {
    try {
      const keys = await this.keys.of(clientId);
      if (keys.length === 0) return request;
      return signRequest(request, {
        id: webhookId(id),
        timestamp: Math.floor(this.clock.now() / 1000),
        keys,
      });
    } catch (error) {
      return error instanceof UnreadableSecret ? unreadable(error) : unknown(error);
    }
  }
}

/** A try that failed: somebody may add the key meanwhile, and the attempts say what is wrong. */
function unreadable({ message }: UnreadableSecret): Failed {
  return { ...NOT_SENT, code: 'signing_failed', message: `It could not be signed: ${message}` };
}

/** Handed back, as when a worker stops: the store is away, and no attempt was made. */
function unknown(error: unknown): Failed {
  const why = error instanceof Error ? error.message : String(error);
  return { ...NOT_SENT, code: 'aborted', message: `What to sign it with could not be looked up: ${why}` };
}

const NOT_SENT = { kind: 'failed', stage: 'not_sent', timings: { totalMs: 0 } } as const;
