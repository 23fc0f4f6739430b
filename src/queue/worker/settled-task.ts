import type { Attempt } from '../../task/attempt.js';
import type { HostVerdict } from '../../task/host-verdict.js';
import type { Lane } from '../../task/lane.js';
import { bytesOf, formatKept, type KeptAttempts, keepOneMore } from './kept-attempts.js';

/** What the store has to do with a task after an attempt. */
export interface SettledTask {
  readonly lane: Lane;
  readonly id: string;
  readonly kind: 'completed' | 'retry' | 'dead_letter' | 'hand_back' | 'ask_again' | 'cancelled' | 'expired';
  readonly attemptsMade: number;
  readonly dataBytes: number;
  /** Before this attempt. */
  readonly kept: KeptAttempts;
  readonly attempt: Attempt;
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly host: string;
  readonly probeOf?: number | undefined;
  /** Nothing: it says nothing of its host. */
  readonly verdict?: HostVerdict | undefined;
}

/** Hosts are named once, and by their numbers from then on. */
export function settlementsArgs(settled: readonly SettledTask[]): (string | number)[] {
  const hosts = new Map<string, number>();
  const numberOf = (host: string): number => {
    const number = hosts.get(host) ?? hosts.size + 1;
    return (hosts.set(host, number), number);
  };
  const args = settled.flatMap((each) => settlementArgs(each, numberOf(each.host)));
  return [[...hosts.keys()].join('\n'), settled.length, ...args];
}

function settlementArgs(settled: SettledTask, host: number): (string | number)[] {
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
    Math.max(0, settled.attempt.endedAt - settled.attempt.startedAt),
    verdictText(settled, host),
  ];
}

const LETTERS = { success: 's', failure: 'f', neutral: 'n' } as const;

/** Nearly all are successes that have no more to say. */
function verdictText({ verdict = NEUTRAL, probeOf }: SettledTask, host: number): string | number {
  const { kind, holdHostMs, holdClientMs, note } = verdict;
  const rest = [holdHostMs, holdClientMs, probeOf, note];
  if (kind !== 'failure' && rest.every((value) => value === undefined)) return kind === 'success' ? host : '';
  return [LETTERS[kind], host, ...rest.map((value) => value ?? '')].join(';');
}

const NEUTRAL: HostVerdict = { kind: 'neutral' };
