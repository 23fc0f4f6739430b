/** What an attempt says of the host that it called. */
export interface HostVerdict {
  /**
   * `failure`: no answer, or 5xx. `success`: any other answer, also one that is no success of the task.
   * `neutral`: nothing, because we called it off or did not let it begin, our proxy failed, or
   * the task gave the host too little time.
   */
  readonly kind: 'success' | 'failure' | 'neutral';
  /** The host asks to be left alone for so long, milliseconds: 503 with `Retry-After`. */
  readonly holdHostMs?: number;
  /** It asks this client to leave it alone for so long, milliseconds: 429 with `Retry-After`. */
  readonly holdClientMs?: number;
  /** Of a failure: the status, or the code of the error. */
  readonly note?: string;
}

/** A state that the circuit of a host comes into: a ramp belongs to what is closed. */
export type CircuitChange = 'open' | 'half_open' | 'closed';
