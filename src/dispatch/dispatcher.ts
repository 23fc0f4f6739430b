import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { buildInfo } from '../config/build-info.js';
import { Config } from '../config/config.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../queue/task-handler.js';
import { Clock } from '../time/clock.js';
import { AttemptLog } from './attempt-log.js';
import { buildRequest, type Sender } from './build-request.js';
import { classify } from './classify.js';
import { HttpSender } from './http-sender.js';
import { settle } from './settle.js';
import { toAttempt } from './to-attempt.js';

const sender: Sender = {
  userAgent: `task-runner/${buildInfo.version}`,
  // Node draws UUIDs from a pool, which costs a tenth of asking the system for bytes each time.
  freshTraceparent: () => `00-${hex()}-${hex().slice(16)}-00`,
};

function hex(): string {
  return randomUUID().replaceAll('-', '');
}

/** The life of an attempt. */
@Injectable()
export class Dispatcher extends TaskHandler {
  private readonly retryAfterMaxMs: number;

  constructor(
    config: Config,
    private readonly http: HttpSender,
    private readonly clock: Clock,
    private readonly log: AttemptLog,
  ) {
    super();
    this.retryAfterMaxMs = Math.round(config.delivery.retryAfterMaxSec * 1000);
  }

  override async handle(claimed: ClaimedTask, signal: AbortSignal): Promise<Handled> {
    const startedAt = this.clock.now();
    const request = buildRequest(claimed, sender);
    const reply = await this.http.send(request, signal);
    const endedAt = this.clock.now();
    const outcome = classify(reply, { now: endedAt, maxMs: this.retryAfterMaxMs });
    const settlement = settle(outcome, claimed, { now: endedAt, random: Math.random() });
    const attempt = toAttempt(claimed, reply, outcome, { startedAt, endedAt });
    this.log.write(claimed.task, attempt, settlement);
    return { attempt, settlement };
  }
}
