import { Injectable } from '@nestjs/common';
import { DestinationRules } from '../clients/destination-rules.js';
import type { Failed } from './http-sender.js';

/** Whether the client of a task may have it call its target: by what is set now, not when the task was enqueued. */
@Injectable()
export class DestinationCheck {
  constructor(private readonly rules: DestinationRules) {}

  /** What there is instead of a call of a URL for a client; nothing when the call may be made. */
  async replyInstead(clientId: string, url: string): Promise<Failed | undefined> {
    try {
      const refusal = await this.rules.refusal(clientId, url);
      return refusal === undefined ? undefined : refused(url, refusal);
    } catch (error) {
      return unknown(error);
    }
  }
}

function refused(url: string, refusal: string): Failed {
  const message = `The host ${new URL(url).host} ${refusal} (its destinations)`;
  return { ...NOT_SENT, code: 'destination_refused', message, permanent: true };
}

/** Handed back, as when a worker stops: the store is away, and no attempt was made. */
function unknown(error: unknown): Failed {
  const why = error instanceof Error ? error.message : String(error);
  return { ...NOT_SENT, code: 'aborted', message: `What its client may call could not be looked up: ${why}` };
}

const NOT_SENT = { kind: 'failed', stage: 'not_sent', timings: { totalMs: 0 } } as const;
