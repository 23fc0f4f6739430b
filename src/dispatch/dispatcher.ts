import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { AbortHandle } from '../queue/abort-handle.js';
import { leftToOthers } from '../queue/not-here.js';
import { maxTaskAgeMs } from '../queue/queue-rules.js';
import { type ClaimedTask, type Handled, TaskHandler } from '../queue/task-handler.js';
import type { HostVerdict } from '../task/host-verdict.js';
import type { Outcome } from '../task/outcome.js';
import { isCall } from '../task/task.js';
import { Clock } from '../time/clock.js';
import { AttemptLog } from './attempt-log.js';
import { classify } from './classify.js';
import { judgeHost } from './judge-host.js';
import { settle } from './settle.js';
import { toAttempt } from './to-attempt.js';
import { Work } from './work.js';

/** Of a rolling upgrade, or a downgrade: the API knows a type that this worker does not. */
const HANDLER_MISSING = {
  error: {
    code: 'handler_missing',
    message: 'This worker has no handler for the type of the task; one of another version may.',
  },
  reason: 'handler_missing',
  againAfterMs: 5000,
} as const;

/** The life of an attempt. */
@Injectable()
export class Dispatcher extends TaskHandler {
  private readonly retryAfterMaxMs: number;
  private readonly usualDeadlineMs: number;
  private readonly maxAgeMs: number;

  constructor(
    config: Config,
    private readonly work: Work,
    private readonly clock: Clock,
    private readonly log: AttemptLog,
  ) {
    super();
    this.retryAfterMaxMs = Math.round(config.delivery.retryAfterMaxSec * 1000);
    this.usualDeadlineMs = config.delivery.timeoutSec * 1000;
    this.maxAgeMs = maxTaskAgeMs(config);
  }

  override async handle(claimed: ClaimedTask, abort: AbortHandle): Promise<Handled> {
    const startedAt = this.clock.now();
    const span = this.log.begin(claimed);
    const reply = await this.work.make(claimed, { abort, span });
    if (!reply) return leftToOthers(claimed, { ...HANDLER_MISSING, maxAgeMs: this.maxAgeMs, now: startedAt });
    const endedAt = this.clock.now();
    const outcome = classify(reply, { now: endedAt, maxMs: this.retryAfterMaxMs });
    const verdict = this.verdict(claimed, outcome);
    const settlement = settle(outcome, { ...claimed, ...verdict }, { now: endedAt, random: Math.random() });
    const attempt = toAttempt(claimed, reply, outcome, { startedAt, endedAt });
    this.log.write(claimed.task, { attempt, settlement, span });
    return { attempt, settlement, ...verdict };
  }

  /** A handler calls no host that is known here. */
  private verdict({ task }: ClaimedTask, outcome: Outcome): { readonly verdict?: HostVerdict } {
    if (!isCall(task.target)) return {};
    return { verdict: judgeHost(outcome, { ms: task.timeoutMs, usualMs: this.usualDeadlineMs }) };
  }
}
