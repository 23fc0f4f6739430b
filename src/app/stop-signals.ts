/** A terminal's Ctrl-C arrives twice when npm stands in between; a later one means "at once". */
const SAME_SIGNAL_MS = 1000;

/** What each SIGTERM or SIGINT asks for: the first to stop, a later one to stop at once. */
export class StopSignals {
  private firstAt: number | undefined;

  /** @param now milliseconds, of a clock that never goes back */
  received(now: number): 'stop' | 'stop_at_once' {
    this.firstAt ??= now;
    return now - this.firstAt > SAME_SIGNAL_MS ? 'stop_at_once' : 'stop';
  }
}
