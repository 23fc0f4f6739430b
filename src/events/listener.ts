import { isAfter, NOWHERE, type StoredEvent } from './event.js';
import { type Audience, type EventFilter, passes } from './event-filter.js';
import { Outbox, type Sink } from './outbox.js';

/** Why a listener is sent away. */
export type Farewell = 'too_slow' | 'shutting_down' | 'not_allowed' | 'unavailable';

/** A connection that events go to. */
export interface ListenerSink extends Sink {
  /** From now on it is told of all that happens. */
  ready(id: string): void;
  end(why: Farewell): void;
}

export interface Subscription {
  readonly audience: Audience;
  readonly filter: EventFilter;
  /** The id of the last event that it has: it is told of those after it first. */
  readonly lastEventId?: string | undefined;
  /** Whether it may listen for longer. */
  readonly mayStay: () => Promise<boolean>;
}

/** One who listens. */
export class Listener {
  readonly audience: Audience;
  private readonly outbox: Outbox;
  readonly mayStay: () => Promise<boolean>;
  private readonly isShown: (event: StoredEvent) => boolean;
  private position: string;
  /** Told of what happens now; before, it is told of what it has missed. */
  isLive = false;
  isOver = false;

  constructor(
    private readonly sink: ListenerSink,
    { audience, filter, lastEventId, mayStay }: Subscription,
    maxBytes: number,
  ) {
    this.audience = audience;
    this.mayStay = mayStay;
    this.outbox = new Outbox(sink, maxBytes);
    this.isShown = passes(audience, filter);
    this.position = lastEventId ?? NOWHERE;
  }

  /** The id of the last event that it was told of, or that was not for it. */
  get at(): string {
    return this.position;
  }

  /** @returns false when it is too far behind: then it misses what it is told of */
  hear(events: readonly StoredEvent[]): boolean {
    const last = events.at(-1);
    if (this.isOver || !last) return true;
    const shown = events.filter((event) => isAfter(event.id, this.position) && this.isShown(event));
    this.position = last.id;
    return shown.length === 0 || this.outbox.push(shown);
  }

  /** What is for it alone, whatever it wants to hear. */
  async tell(event: StoredEvent): Promise<void> {
    this.outbox.push([event]);
    await this.outbox.whenDrained();
  }

  /** It goes on there, wherever it has been. */
  goTo(id: string): void {
    this.position = id;
  }

  /** What it has missed, piece by piece, as fast as it takes it. */
  async catchUp(events: readonly StoredEvent[]): Promise<void> {
    this.hear(events);
    await this.outbox.whenDrained();
  }

  beginLive(id: string): void {
    this.isLive = true;
    if (isAfter(id, this.position)) this.position = id;
    this.sink.ready(this.position);
  }

  /** It has gone, or listens to something else from now on. */
  stop(): void {
    this.isOver = true;
    this.outbox.clear();
  }

  end(why: Farewell): void {
    if (this.isOver) return;
    this.stop();
    this.sink.end(why);
  }
}
