import {
  type Addition,
  type Admission,
  type AddResult,
  type Full,
  type IdempotencyKey,
  isAccepted,
  type Quota,
  type Receipt,
  receiptOf,
} from '../../src/queue/admission/admission.js';
import { UNRECORDED } from '../../src/queue/admission/admission-rules.js';
import type { AdmissionRules } from './admission-rules.js';
import type { Task } from '../../src/task/task.js';

const WINDOW_MS = 60_000;
const DAY_MS = 86_400_000;

interface Situation {
  readonly now: number;
  readonly stored: (id: string) => Task | undefined;
  readonly alive: readonly Task[];
}

interface Kept {
  readonly fingerprint: string;
  readonly receipt: Receipt;
  readonly until: number;
}

/** What lets tasks in, or not, in memory. It has no bound on all tasks and no token buckets. */
export class MemoryAdmission {
  readonly rules = new Map<string, AdmissionRules>();
  /** Of each client, when what counts was accepted. */
  private accepted = new Map<string, readonly number[]>();
  private receipts = new Map<string, Kept>();

  judgeAll(additions: readonly Addition[], situation: Situation): AddResult[] {
    const before = { accepted: new Map(this.accepted), receipts: new Map(this.receipts) };
    const fresh = new Map<string, Task>();
    const seen = { ...situation, stored: (id: string) => fresh.get(id) ?? situation.stored(id) };
    const results = additions.map(({ task, admission }) => {
      const result = this.judge(task, admission, { ...seen, alive: [...situation.alive, ...fresh.values()] });
      if (result.kind === 'added') fresh.set(task.id, task);
      return result;
    });
    if (results.every(isAccepted)) return results;
    Object.assign(this, before);
    return results.map((result) => (result.kind === 'added' ? { kind: 'skipped' } : result));
  }

  replayed(
    clientId: string,
    admission: Admission,
    existing: Task | undefined,
    now: number,
  ): AddResult | undefined {
    const refusal = stranger(this.rules.get(clientId), admission.version);
    if (refusal) return refusal;
    const receipt = this.receiptFor(existing, admission.idempotency, now);
    if (receipt === 'conflict') return { kind: 'conflict' };
    return receipt && { kind: 'replayed', receipt };
  }

  full(clientId: string, alive: readonly Task[]): Full | undefined {
    const own = alive.filter((each) => each.clientId === clientId);
    const isFull = own.length >= (this.rules.get(clientId)?.maxAlive ?? Infinity);
    return isFull ? { kind: 'full', what: 'client' } : undefined;
  }

  private judge(task: Task, admission: Admission | undefined, situation: Situation): AddResult {
    const rules = this.rules.get(task.clientId);
    const refusal = admission && stranger(rules, admission.version);
    if (refusal) return refusal;
    const again = this.replay(task, admission, situation);
    if (again) return again;
    if (!admission) return { kind: 'added', receipt: receiptOf(task) };
    return this.judgeNew(task, admission, rules, situation);
  }

  private judgeNew(
    task: Task,
    { idempotency }: Admission,
    rules: AdmissionRules | undefined,
    { now, alive }: Situation,
  ): AddResult {
    const { clientId } = task;
    const full = this.full(clientId, alive);
    if (full) return full;
    const quota = this.quota(clientId, rules, now);
    if (quota?.remaining === 0) return { kind: 'rate_limited', quota };
    this.accepted.set(clientId, [...this.counted(clientId, now), now]);
    if (idempotency) this.keep(idempotency, receiptOf(task), now);
    return { kind: 'added', receipt: receiptOf(task), ...this.quotaNow(clientId, rules, now) };
  }

  private replay(task: Task, admission: Admission | undefined, situation: Situation): AddResult | undefined {
    const { now, stored } = situation;
    const receipt = this.receiptFor(stored(task.id), admission?.idempotency, now);
    if (receipt === 'conflict') return { kind: 'conflict' };
    if (!receipt) return undefined;
    const rules = admission && this.rules.get(task.clientId);
    return { kind: 'replayed', receipt, ...this.quotaNow(task.clientId, rules, now) };
  }

  private receiptFor(
    existing: Task | undefined,
    key: IdempotencyKey | undefined,
    now: number,
  ): Receipt | 'conflict' | undefined {
    const kept = key && this.keptAt(now, key.hash);
    if (kept) return kept.fingerprint === key.fingerprint ? kept.receipt : 'conflict';
    if (existing && key) this.keep(key, receiptOf(existing), now);
    return existing && receiptOf(existing);
  }

  private keptAt(now: number, hash: string): Kept | undefined {
    const kept = this.receipts.get(hash);
    return kept && kept.until > now ? kept : undefined;
  }

  private keep({ hash, fingerprint }: IdempotencyKey, receipt: Receipt, now: number): void {
    this.receipts.set(hash, { fingerprint, receipt, until: now + DAY_MS });
  }

  private counted(clientId: string, now: number): readonly number[] {
    return (this.accepted.get(clientId) ?? []).filter((at) => at > now - WINDOW_MS);
  }

  private quota(clientId: string, rules: AdmissionRules | undefined, now: number): Quota | undefined {
    if (rules?.requestsPerMinute === undefined) return undefined;
    const counted = this.counted(clientId, now);
    const limit = rules.requestsPerMinute;
    // Of a limit that was lowered more than the oldest have to go.
    const next = counted[Math.max(0, counted.length - limit)] ?? now;
    return { limit, remaining: Math.max(0, limit - counted.length), resetMs: next + WINDOW_MS - now };
  }

  private quotaNow(...of: [string, AdmissionRules | undefined, number]): { quota?: Quota } {
    const quota = this.quota(...of);
    return quota ? { quota } : {};
  }
}

function stranger(rules: AdmissionRules | undefined, version: string): AddResult | undefined {
  if ((rules?.version ?? UNRECORDED) !== version) return { kind: 'stale' };
  return rules && !rules.isEnabled ? { kind: 'disabled' } : undefined;
}
