import { type Lane, LANES } from '../task/lane.js';

export type LaneNumbers = Readonly<Record<Lane, number>>;

/** How much of the newest service time goes into a lane's moving average. */
const NEWEST = 0.1;
/** Until a lane has ended a task, all lanes are expected to take the same, so that starts follow the weights. */
const UNKNOWN_MS = 10;

/**
 * Shares the slots of a worker between the lanes by slot time: each lane has a virtual time that grows by what its
 * tasks take divided by its weight, and the lane that is furthest behind goes next. Counting starts instead would let a
 * lane of slow tasks fill the pool; counting tasks in flight would starve the light lanes of a small pool.
 */
export class LaneShares {
  private readonly virtual: Record<Lane, number> = { critical: 0, high: 0, default: 0, low: 0 };
  private readonly expected: Record<Lane, number> = {
    critical: UNKNOWN_MS,
    high: UNKNOWN_MS,
    default: UNKNOWN_MS,
    low: UNKNOWN_MS,
  };

  constructor(private readonly weights: LaneNumbers) {}

  /** What the next fetch picks by: virtual times, most urgent lane first. */
  get times(): readonly number[] {
    return LANES.map((lane) => this.virtual[lane]);
  }

  /** What each start adds to its lane's time. */
  get charges(): readonly number[] {
    return LANES.map((lane) => this.charge(lane));
  }

  /** A task of the lane was fetched. @returns what was charged for it, to be given back to `ended` */
  started(lane: Lane): number {
    const charged = this.charge(lane);
    this.virtual[lane] += charged;
    return charged;
  }

  /** It ended after so many milliseconds: the charge becomes what it really took. */
  ended(lane: Lane, tookMs: number, charged: number): void {
    this.virtual[lane] += tookMs / this.weights[lane] - charged;
    this.expected[lane] += NEWEST * (tookMs - this.expected[lane]);
  }

  /**
   * A lane without work must not come back with credit for its rest: it moves up to the waiting lane that is furthest
   * behind. While nobody waits there is nothing to share, and the past is forgotten.
   *
   * @param waiting tasks in each lane, most urgent first, as the last fetch left them
   */
  settleIdle(waiting: readonly number[]): void {
    const busy = LANES.filter((_lane, at) => (waiting[at] ?? 0) > 0);
    const least = Math.min(...busy.map((lane) => this.virtual[lane]));
    for (const lane of LANES) {
      // Only differences matter; kept small, they keep their precision.
      this.virtual[lane] = busy.length === 0 ? 0 : Math.max(0, this.virtual[lane] - least);
    }
  }

  private charge(lane: Lane): number {
    return this.expected[lane] / this.weights[lane];
  }
}
