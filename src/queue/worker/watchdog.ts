/** Six rests of the loop. */
const MOST_SILENT_MS = 30_000;
const MOST_STUCK_MS = 60_000;

/**
 * Tells a dispatcher that works, or has nothing to do, from one that only seems to: one that gets no answers, or that
 * runs nothing though tasks are waiting which it could have.
 */
export class Watchdog {
  private turnAt: number | undefined;
  private stuckSince: number | undefined;

  /** @param now gives milliseconds that only grow */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** After each turn: how many tasks wait that may be taken, and how many run here. */
  turned(waiting: number, running: number): void {
    this.turnAt = this.now();
    if (waiting > 0 && running === 0) this.stuckSince ??= this.turnAt;
    else this.stuckSince = undefined;
  }

  get isWell(): boolean {
    const { turnAt, stuckSince } = this;
    if (turnAt === undefined) return false;
    const now = this.now();
    return now - turnAt < MOST_SILENT_MS && (stuckSince === undefined || now - stuckSince < MOST_STUCK_MS);
  }

  /** Milliseconds since the last turn; -1 before the first. */
  get silentMs(): number {
    return this.turnAt === undefined ? -1 : Math.round(this.now() - this.turnAt);
  }
}
