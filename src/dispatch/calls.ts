import { Injectable } from '@nestjs/common';
import { buildInfo } from '../config/build-info.js';
import type { AbortHandle } from '../queue/abort-handle.js';
import type { ClaimedTask } from '../queue/task-handler.js';
import type { CallTarget } from '../task/task.js';
import type { AttemptSpan } from '../tracing/tracing.js';
import { buildRequest, type SenderIdentity } from './build-request.js';
import { DestinationCheck } from './destination-check.js';
import { freshTraceparent } from '../tracing/fresh-ids.js';
import { HttpSender, type Reply } from './http-sender.js';
import { RequestSigner } from './request-signer.js';

const sender: SenderIdentity = { userAgent: `task-runner/${buildInfo.version}`, freshTraceparent };

/** What an attempt is made with. */
export interface Making {
  readonly abort: AbortHandle;
  readonly span: AttemptSpan;
}

/** The calls that tasks ask for, as far as their clients may have them made. */
@Injectable()
export class Calls {
  constructor(
    private readonly http: HttpSender,
    private readonly destinations: DestinationCheck,
    private readonly signer: RequestSigner,
  ) {}

  /** Never rejects. */
  async make(claimed: ClaimedTask, target: CallTarget, { abort, span }: Making): Promise<Reply> {
    const { task } = claimed;
    const instead = await this.destinations.replyInstead(task.clientId, target.url);
    if (instead) return instead;
    const identity = { ...sender, traceparent: span.calls(target) };
    const request = await this.signer.signed(buildRequest(claimed, target, identity), task);
    return 'kind' in request ? request : this.http.send(request, abort);
  }
}
