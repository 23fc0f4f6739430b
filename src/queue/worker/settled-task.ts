import type { Attempt } from '../../task/attempt.js';
import type { HostVerdict } from '../../task/host-verdict.js';
import type { Lane } from '../../task/lane.js';
import { failureText } from './failure-text.js';
import { bytesOf, formatKept, type KeptAttempts, keepOneMore } from './kept-attempts.js';

/** What the store has to do with a task after an attempt. */
export interface SettledTask {
  readonly lane: Lane;
  readonly id: string;
  readonly kind: 'completed' | 'retry' | 'dead_letter' | 'hand_back' | 'ask_again' | 'cancelled' | 'expired';
  /** Of the task; nothing when it could not be read. */
  readonly type?: string;
  readonly attemptsMade: number;
  readonly dataBytes: number;
  /** Before this attempt. */
  readonly kept: KeptAttempts;
  readonly attempt: Attempt;
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
  /** Somebody has retried it after it had died. */
  readonly wasDead?: boolean;
  /** Somebody wants to hear of its end. */
  readonly isCalledBack?: boolean;
  /** As it was fetched with. */
  readonly gates: string;
  readonly probeOf?: number | undefined;
  /** Nothing: it says nothing of its host. */
  readonly verdict?: HostVerdict | undefined;
}

/**
 * As the script takes it.
 *
 * @param aheadMs how far the clock that its times are of is ahead of that of the script
 */
export function settlementArgs(settled: SettledTask, aheadMs: number): (string | number)[] {
  const attempt = JSON.stringify(settled.attempt);
  const { kept, place, dropped } = keepOneMore(settled.kept, Buffer.byteLength(attempt));
  return [
    settled.lane,
    settled.id,
    settled.kind,
    settled.attemptsMade,
    attempt,
    place,
    formatKept(kept),
    settled.delayMs ?? '',
    settled.reason ?? '',
    settled.dataBytes + bytesOf(kept),
    dropped.join(' '),
    kept.made,
    settled.attempt.startedAt - aheadMs,
    settled.gates,
    verdictText(settled),
    mayDie(settled) ? failureText(settled.attempt, settled.reason) : '',
    settled.isCalledBack ? 1 : '',
  ];
}

/** One that was a dead letter before may be so again at once: the store knows. */
function mayDie({ kind, wasDead = false }: SettledTask): boolean {
  return kind === 'dead_letter' || (kind === 'retry' && wasDead);
}

const LETTERS = { success: 's', failure: 'f', neutral: 'n' } as const;

/** Nearly all are successes that have no more to say. */
function verdictText({ verdict = NEUTRAL, probeOf }: SettledTask): string {
  const { kind, holdHostMs, holdClientMs, note } = verdict;
  const rest = [holdHostMs, holdClientMs, probeOf, note];
  if (rest.every((value) => value === undefined)) return kind === 'neutral' ? '' : LETTERS[kind];
  return [LETTERS[kind], ...rest.map((value) => value ?? '')].join(';');
}

const NEUTRAL: HostVerdict = { kind: 'neutral' };

/** Whether it has ended, and somebody wants to hear of it. */
export function wantsCallback({ kind, isCalledBack = false }: SettledTask): boolean {
  return isCalledBack && kind !== 'retry' && kind !== 'hand_back' && kind !== 'ask_again';
}
