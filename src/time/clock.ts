/** The time, as a parameter: rules ask this, never `Date`, so that hours pass in a test in milliseconds. */
export abstract class Clock {
  /** Unix milliseconds. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }
}
