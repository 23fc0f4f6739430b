import { type Lane, LANES } from '../../task/lane.js';

export type LaneNumbers = Readonly<Record<Lane, number>>;

/** How much of the newest service time goes into a lane's moving average. */
const NEWEST = 0.1;
/** How often what runs longer than expected is charged for it. */
const ACCRUE_EVERY_MS = 10;
/** Until a lane has ended a task, all lanes are expected to take the same, so that starts follow the weights. */
const UNKNOWN_MS = 10;

/** One attempt on its slot. */
export interface LaneRun {
  readonly lane: Lane;
  readonly since: number;
  /** Virtual time that its lane has paid for it so far. */
  charged: number;
}

/**
 * Shares the slots of a worker between the lanes by slot time: each lane has a virtual time that grows by what its
 * tasks take divided by its weight, and the lane that is furthest behind goes next. Counting starts instead would let a
 * lane of slow tasks fill the pool; counting tasks in flight would starve the light lanes of a small pool.
 *
 * A slot that no other lane wanted costs nothing, however long it is held: else a lane that had the pool for itself
 * would wait for hours once others come.
 */
export class LaneShares {
  private readonly virtual: Record<Lane, number> = { critical: 0, high: 0, default: 0, low: 0 };
  private readonly expected: Record<Lane, number> = {
    critical: UNKNOWN_MS,
    high: UNKNOWN_MS,
    default: UNKNOWN_MS,
    low: UNKNOWN_MS,
  };
  private readonly billed = new Set<LaneRun>();
  private accruedAt = 0;

  /** @param now milliseconds, from any moment on */
  constructor(
    private readonly weights: LaneNumbers,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What the next fetch picks by: virtual times, most urgent lane first. */
  get times(): readonly number[] {
    this.accrue();
    return LANES.map((lane) => this.virtual[lane]);
  }

  /** What each start adds to its lane's time. */
  get charges(): readonly number[] {
    return LANES.map((lane) => this.charge(lane));
  }

  /**
   * A task of the lane was fetched.
   *
   * @param waiting tasks in each lane, most urgent first, as the fetch left them
   */
  started(lane: Lane, waiting: readonly number[]): LaneRun {
    const run: LaneRun = { lane, since: this.now(), charged: 0 };
    if (LANES.some((other, at) => other !== lane && (waiting[at] ?? 0) > 0)) {
      this.billed.add(run);
      this.chargeFor(run, this.charge(lane));
    }
    return run;
  }

  /** It ended: its charge becomes what it really took. */
  ended(run: LaneRun): void {
    const tookMs = this.now() - run.since;
    if (this.billed.delete(run)) this.chargeFor(run, tookMs / this.weights[run.lane] - run.charged);
    this.expected[run.lane] += NEWEST * (tookMs - this.expected[run.lane]);
  }

  /**
   * A lane without work must not come back with credit for its rest: it moves up to the waiting lane that is furthest
   * behind. While nobody waits there is nothing to share, and the past is forgotten.
   *
   * @param waiting tasks in each lane, most urgent first, as the last fetch left them
   */
  settleIdle(waiting: readonly number[]): void {
    const busy = LANES.filter((_lane, at) => (waiting[at] ?? 0) > 0);
    if (busy.length === 0) this.billed.clear();
    const least = Math.min(...busy.map((lane) => this.virtual[lane]));
    for (const lane of LANES) {
      // Only differences matter; kept small, they keep their precision.
      this.virtual[lane] = busy.length === 0 ? 0 : Math.max(0, this.virtual[lane] - least);
    }
  }

  /** What takes longer than expected is charged while it runs: its lane would go on taking slots until it ends. */
  private accrue(): void {
    const now = this.now();
    if (now - this.accruedAt < ACCRUE_EVERY_MS) return;
    this.accruedAt = now;
    for (const run of this.billed) {
      const more = (now - run.since) / this.weights[run.lane] - run.charged;
      if (more > 0) this.chargeFor(run, more);
    }
  }

  private chargeFor(run: LaneRun, more: number): void {
    run.charged += more;
    this.virtual[run.lane] += more;
  }

  private charge(lane: Lane): number {
    return this.expected[lane] / this.weights[lane];
  }
}
