import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../task/outcome.js';
import { RETRY_STRATEGIES, type RetryPolicy, retryDelayMs } from '../task/retry-policy.js';
import { settle } from './settle.js';

const retry: RetryPolicy = {
  strategy: 'exponential',
  minBackoffMs: 1000,
  maxBackoffMs: 300_000,
  jitter: 0.1,
};
const error = { code: 'timeout', message: 'late' };
const rejected = { class: 'rejected', status: 500, noRetry: false } as const;
const failures: Outcome[] = [
  rejected,
  { class: 'not_sent', error, noRetry: false },
  { class: 'ambiguous', error, noRetry: false },
];
const at = { now: 50_000, random: 0.5 };
const task = { retry, maxRetries: 5, scheduledAt: 40_000 };
const withPolicy = (policy: Partial<RetryPolicy>) => ({ ...task, retry: { ...retry, ...policy } });

describe('settle', () => {
  it('completes on success and hands back what we interrupted, whatever the attempt and the time', () => {
    const tried = { task: { ...task, maxRetries: 0, expiresAt: 1 }, attempt: 99 };
    expect(settle({ class: 'succeeded', status: 204 }, tried, at)).toEqual({ kind: 'complete' });
    expect(settle({ class: 'interrupted', error }, tried, at)).toEqual({ kind: 'hand_back' });
  });

  it.each(failures)('retries $class with backoff', (outcome) => {
    expect(settle(outcome, { task, attempt: 3 }, at)).toEqual({ kind: 'retry', delayMs: 4000 });
  });

  it.each(failures)('makes a dead letter of $class that must not be retried', (outcome) => {
    const final = { ...outcome, noRetry: true } as Outcome;
    expect(settle(final, { task, attempt: 1 }, at)).toEqual({
      kind: 'dead_letter',
      reason: 'permanent_failure',
    });
  });

  it('makes a canary that fails a dead letter again, whatever tries it has left, unless it is to wait for its host', () => {
    const canary = { task, attempt: 1, retriedAt: 49_000, isCanary: true };
    expect(settle(rejected, canary, at)).toEqual({ kind: 'dead_letter', reason: 'canary_failed' });
    expect(settle({ ...rejected, noRetry: true }, canary, at)).toMatchObject({ reason: 'permanent_failure' });
    expect(settle({ class: 'succeeded', status: 200 }, canary, at)).toEqual({ kind: 'complete' });
  });

  it('counts the age of a dead letter that was retried by hand from then on', () => {
    const old = { task: { ...withPolicy({ maxAgeMs: 5000 }), scheduledAt: 0 }, attempt: 1 };
    expect(settle(rejected, old, at)).toEqual({ kind: 'dead_letter', reason: 'max_age_exceeded' });
    expect(settle(rejected, { ...old, retriedAt: 49_000 }, at)).toMatchObject({ kind: 'retry' });
  });

  it('hands back a probe that its host did not answer, whatever its number, unless it is too late', () => {
    const [, notSent, ambiguous] = failures;
    const verdict = { kind: 'failure' } as const;
    const last = { task: { ...task, maxRetries: 0 }, attempt: 1, isProbe: true, verdict };
    for (const outcome of [notSent!, ambiguous!])
      expect(settle(outcome, last, at)).toEqual({ kind: 'hand_back' });
    const refused: Outcome = { class: 'not_sent', error, noRetry: true };
    expect(settle(refused, last, at)).toMatchObject({ reason: 'permanent_failure' });
    expect(settle(rejected, last, at)).toMatchObject({ reason: 'attempts_exhausted' });
    const expired = { ...last, task: { ...task, expiresAt: at.now - 1 } };
    expect(settle(notSent!, expired, at)).toEqual({ kind: 'expire' });
    const old = { ...last, task: { ...withPolicy({ maxAgeMs: 5000 }), scheduledAt: 0 } };
    expect(settle(notSent!, old, at)).toMatchObject({ reason: 'max_age_exceeded' });
  });

  it('counts a probe that came to nothing for another reason than its host', () => {
    const [, notSent] = failures;
    const probe = { task, attempt: 3, isProbe: true, verdict: { kind: 'neutral' } } as const;
    expect(settle(notSent!, probe, at)).toEqual({ kind: 'retry', delayMs: 4000 });
    const last = { ...probe, task: { ...task, maxRetries: 2 } };
    expect(settle(notSent!, last, at)).toMatchObject({ reason: 'attempts_exhausted' });
  });

  it('makes a dead letter of a status that the task calls permanent, and of no other', () => {
    const choosy = withPolicy({ permanentStatuses: [404, 410] });
    const after = (status: number) => settle({ ...rejected, status }, { task: choosy, attempt: 1 }, at);
    expect(after(404)).toEqual({ kind: 'dead_letter', reason: 'permanent_failure' });
    expect(after(410)).toEqual({ kind: 'dead_letter', reason: 'permanent_failure' });
    expect(after(409).kind).toBe('retry');
  });

  it('waits as long as the target asks, and never less than the backoff', () => {
    const asked = (retryAfterMs: number) => settle({ ...rejected, retryAfterMs }, { task, attempt: 3 }, at);
    expect(asked(60_000)).toEqual({ kind: 'retry', delayMs: 60_000 });
    expect(asked(10)).toEqual({ kind: 'retry', delayMs: 4000 });
  });

  it('gives up when the retry would start later than max age after the task was due', () => {
    const after = (maxAgeMs: number) => settle(rejected, { task: withPolicy({ maxAgeMs }), attempt: 1 }, at);
    expect(after(11_000)).toEqual({ kind: 'retry', delayMs: 1000 });
    expect(after(10_999)).toEqual({ kind: 'dead_letter', reason: 'max_age_exceeded' });
  });

  it('lets expire what would be retried after its expiry, before it looks at the age', () => {
    const after = (expiresAt: number, maxAgeMs?: number) =>
      settle(
        rejected,
        { task: { ...withPolicy({ ...(maxAgeMs && { maxAgeMs }) }), expiresAt }, attempt: 1 },
        at,
      );
    expect(after(51_000)).toEqual({ kind: 'retry', delayMs: 1000 });
    expect(after(50_999)).toEqual({ kind: 'expire' });
    expect(after(50_999, 1)).toEqual({ kind: 'expire' });
    expect(after(51_000, 1)).toEqual({ kind: 'dead_letter', reason: 'max_age_exceeded' });
  });

  it('counts the wait that the target asks for against age and expiry', () => {
    const busy = { ...rejected, retryAfterMs: 60_000 };
    expect(settle(busy, { task: withPolicy({ maxAgeMs: 69_999 }), attempt: 1 }, at)).toMatchObject({
      reason: 'max_age_exceeded',
    });
    expect(settle(busy, { task: { ...task, expiresAt: 109_999 }, attempt: 1 }, at)).toEqual({
      kind: 'expire',
    });
  });
});

const anyPolicy = fc
  .record(
    {
      strategy: fc.constantFrom(...RETRY_STRATEGIES),
      bounds: fc.tuple(fc.nat(100_000), fc.nat(100_000)),
      delaysMs: fc.array(fc.nat(100_000), { minLength: 1, maxLength: 10 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      permanentStatuses: fc.array(fc.integer({ min: 300, max: 599 }), { maxLength: 3 }),
      maxAgeMs: fc.integer({ min: 1, max: 1_000_000 }),
    },
    { requiredKeys: ['strategy', 'bounds', 'delaysMs', 'jitter'] },
  )
  .map(({ bounds, ...policy }): RetryPolicy => ({
    ...policy,
    minBackoffMs: Math.min(...bounds),
    maxBackoffMs: Math.max(...bounds),
  }));
const anyTask = fc
  .record(
    {
      retry: anyPolicy,
      maxRetries: fc.nat(20),
      scheduledAt: fc.nat(1_000_000),
      lifetime: fc.integer({ min: 1, max: 2_000_000 }),
    },
    { requiredKeys: ['retry', 'maxRetries', 'scheduledAt'] },
  )
  .map(({ lifetime, ...rest }) => ({
    ...rest,
    ...(lifetime !== undefined && { expiresAt: rest.scheduledAt + lifetime }),
  }));
const anyFailure: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom(...failures),
  fc.constant<Outcome>({ class: 'interrupted', error }),
  fc.record(
    {
      class: fc.constant('rejected' as const),
      status: fc.integer({ min: 300, max: 599 }),
      noRetry: fc.constant(false),
      retryAfterMs: fc.integer({ min: 1, max: 200_000 }),
    },
    { requiredKeys: ['class', 'status', 'noRetry'] },
  ),
);
const anyStep = fc.record({
  outcome: anyFailure,
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  lasts: fc.nat(5000),
});

type Story = typeof anyTask extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Tells a task's life from one failure to the next: what was delivered when, and what became of it. */
function live(subject: Story, steps: readonly Step[]) {
  let now = subject.scheduledAt;
  const deliveries: number[] = [];
  for (const { outcome, random, lasts } of steps) {
    const startedAt = now;
    now += lasts;
    const settlement = settle(outcome, { task: subject, attempt: deliveries.length + 1 }, { now, random });
    if (settlement.kind !== 'hand_back') deliveries.push(startedAt);
    if (settlement.kind === 'retry') now += settlement.delayMs;
    else if (settlement.kind !== 'hand_back') return { deliveries, settlement };
  }
  return { deliveries, settlement: undefined };
}

describe('settle, whatever happens', () => {
  const anyLife = fc.array(anyStep, { minLength: 1, maxLength: 60 });

  it('delivers at most 1 + maxRetries times', () => {
    fc.assert(
      fc.property(anyTask, anyLife, (subject, steps) => {
        const { deliveries, settlement } = live(subject, steps);
        expect(deliveries.length).toBeLessThanOrEqual(1 + subject.maxRetries);
        if (settlement?.kind === 'dead_letter' && settlement.reason === 'attempts_exhausted') {
          expect(deliveries).toHaveLength(1 + subject.maxRetries);
        }
      }),
    );
  });

  it('delivers a task that always fails exactly 1 + maxRetries times when nothing else limits it', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.constantFrom(...failures), (maxRetries, outcome) => {
        const steps = Array.from({ length: 60 }, () => ({ outcome, random: 0.5, lasts: 1 }));
        const { deliveries, settlement } = live({ ...task, maxRetries }, steps);
        expect(deliveries).toHaveLength(1 + maxRetries);
        expect(settlement).toEqual({ kind: 'dead_letter', reason: 'attempts_exhausted' });
      }),
    );
  });

  it('waits for exactly the longer of backoff and Retry-After', () => {
    const asked = fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined });
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        anyPolicy,
        fc.integer({ min: 1, max: 20 }),
        asked,
        chance,
        (policy, attempt, wait, random) => {
          const subject = { ...task, maxRetries: 20, retry: { ...policy, maxAgeMs: Infinity } };
          const outcome = { ...rejected, status: 600, ...(wait !== undefined && { retryAfterMs: wait }) };
          const backoff = retryDelayMs(policy, attempt, random);
          expect(settle(outcome, { task: subject, attempt }, { now: 0, random })).toEqual({
            kind: 'retry',
            delayMs: Math.max(backoff, wait ?? 0),
          });
        },
      ),
    );
  });

  it('starts no retry after max age or expiry, and gives up for them only when it would', () => {
    // How far the limits are from when the retry is due: around it, where mistakes would be.
    const slack = fc.option(fc.integer({ min: -2, max: 2 }), { nil: Infinity });
    fc.assert(
      fc.property(anyTask, anyStep, slack, slack, (subject, { outcome, random, lasts }, toExpiry, toAge) => {
        const { maxRetries, scheduledAt } = subject;
        const now = scheduledAt + lasts;
        const settled = (expiresAt: number, maxAgeMs: number) => {
          const limited = { maxRetries, scheduledAt, expiresAt, retry: { ...subject.retry, maxAgeMs } };
          return settle(outcome, { task: limited, attempt: 1 }, { now, random });
        };
        const unlimited = settled(Infinity, Infinity);
        const dueAt = unlimited.kind === 'retry' ? now + unlimited.delayMs : 0;
        const settlement = settled(dueAt + toExpiry, dueAt - scheduledAt + toAge);
        if (unlimited.kind !== 'retry') expect(settlement).toEqual(unlimited);
        else if (toExpiry < 0) expect(settlement).toEqual({ kind: 'expire' });
        else if (toAge < 0) expect(settlement).toEqual({ kind: 'dead_letter', reason: 'max_age_exceeded' });
        else expect(settlement).toEqual(unlimited);
      }),
    );
  });
});
