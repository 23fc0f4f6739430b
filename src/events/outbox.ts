import type { StoredEvent } from './event.js';

/** Where a listener's events go out. */
export interface Sink {
  /** @returns false when it takes no more for now; it tells when it does again */
  write(events: readonly StoredEvent[]): boolean;
  onDrain(listener: () => void): void;
}

/** A piece that goes to the system in one call. */
const MOST_AT_ONCE = 128;

/**
 * What a listener has not taken yet, within bounds. The events themselves are shared by all listeners: one that is behind
 * costs their places in this list, and keeps none that others have not kept as long as `maxBytes`.
 */
export class Outbox {
  private waiting: StoredEvent[] = [];
  private first = 0;
  private bytes = 0;
  private isBlocked = false;
  private drained: () => void = () => undefined;

  constructor(
    private readonly sink: Sink,
    private readonly maxBytes: number,
  ) {
    sink.onDrain(() => {
      this.isBlocked = false;
      this.pump();
    });
  }

  /** Events that wait for the listener. */
  get length(): number {
    return this.waiting.length - this.first;
  }

  /** @returns false when the listener is too far behind; then nothing was added */
  push(events: readonly StoredEvent[]): boolean {
    const bytes = events.reduce((sum, { json }) => sum + json.length, 0);
    if (this.length > 0 && this.bytes + bytes > this.maxBytes) return false;
    for (const event of events) this.waiting.push(event);
    this.bytes += bytes;
    this.pump();
    return true;
  }

  /** What it has not taken is not sent any more. */
  clear(): void {
    this.waiting = [];
    this.first = this.bytes = 0;
    this.drained();
  }

  /** Resolves when the listener has taken all there was. */
  async whenDrained(): Promise<void> {
    if (this.length === 0 && !this.isBlocked) return;
    await new Promise<void>((resolve) => (this.drained = resolve));
  }

  private pump(): void {
    while (!this.isBlocked && this.length > 0) {
      const piece = this.waiting.slice(this.first, this.first + MOST_AT_ONCE);
      this.first += piece.length;
      this.bytes -= piece.reduce((sum, { json }) => sum + json.length, 0);
      this.isBlocked = !this.sink.write(piece);
    }
    this.compact();
    if (this.length === 0 && !this.isBlocked) this.drained();
  }

  private compact(): void {
    if (this.first < 1000 && this.length > 0) return;
    this.waiting = this.waiting.slice(this.first);
    this.first = 0;
  }
}
