import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { AbortHandle } from '../queue/abort-handle.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../queue/task-handler.js';
import { Clock } from '../time/clock.js';
import { AttemptLog } from './attempt-log.js';
import { Calls } from './calls.js';
import { classify } from './classify.js';
import { judgeHost } from './judge-host.js';
import { settle } from './settle.js';
import { toAttempt } from './to-attempt.js';

/** The life of an attempt. */
@Injectable()
export class Dispatcher extends TaskHandler {
  private readonly retryAfterMaxMs: number;
  private readonly usualDeadlineMs: number;

  constructor(
    config: Config,
    private readonly calls: Calls,
    private readonly clock: Clock,
    private readonly log: AttemptLog,
  ) {
    super();
    this.retryAfterMaxMs = Math.round(config.delivery.retryAfterMaxSec * 1000);
    this.usualDeadlineMs = config.delivery.timeoutSec * 1000;
  }

  override async handle(claimed: ClaimedTask, abort: AbortHandle): Promise<Handled> {
    const startedAt = this.clock.now();
    const span = this.log.begin(claimed);
    const reply = await this.calls.make(claimed, abort, span);
    const endedAt = this.clock.now();
    const outcome = classify(reply, { now: endedAt, maxMs: this.retryAfterMaxMs });
    const verdict = judgeHost(outcome, { ms: claimed.task.timeoutMs, usualMs: this.usualDeadlineMs });
    const settlement = settle(outcome, { ...claimed, verdict }, { now: endedAt, random: Math.random() });
    const attempt = toAttempt(claimed, reply, outcome, { startedAt, endedAt });
    this.log.write(claimed.task, { attempt, settlement, span });
    return { attempt, settlement, verdict };
  }
}
