import { QueueClock } from '../../src/queue/queue-clock.js';

interface Timer {
  at: number;
  readonly call: () => void;
  readonly everyMs?: number;
}

/** A clock that stands still until a test moves it: hours pass in milliseconds. */
export class ManualClock extends QueueClock {
  private readonly timers = new Set<Timer>();

  /** @param time Unix milliseconds */
  constructor(private time = Date.UTC(2030, 0, 1)) {
    super();
  }

  override now(): number {
    return this.time;
  }

  override scriptTime(): number {
    return this.time;
  }

  override after(ms: number, call: () => void, since: number): () => void {
    return this.begin({ at: since + ms, call });
  }

  override every(ms: number, call: () => void): () => void {
    return this.begin({ at: this.time + ms, call, everyMs: ms });
  }

  /** Moves on, and calls whoever wanted to be called by then; what comes every so often, once. */
  advance(ms: number): void {
    this.time += ms;
    for (const timer of [...this.timers].toSorted((one, other) => one.at - other.at)) this.callIfDue(timer);
  }

  private begin(timer: Timer): () => void {
    this.timers.add(timer);
    // The time may have been moved while whoever begins it was still asking.
    if (timer.at <= this.time)
      setImmediate(() => {
        this.callIfDue(timer);
      });
    return () => this.timers.delete(timer);
  }

  private callIfDue(timer: Timer): void {
    if (timer.at > this.time || !this.timers.delete(timer)) return;
    if (timer.everyMs !== undefined) {
      timer.at = this.time + timer.everyMs;
      this.timers.add(timer);
    }
    timer.call();
  }
}
