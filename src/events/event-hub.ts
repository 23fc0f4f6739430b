import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ProblemError } from '../http/problem.js';
import { ListenerMetric } from '../metrics/listener-metric.js';
import type { Audience } from './event-filter.js';
import { gapEvent, isAfter, NOWHERE, type StoredEvent } from './event.js';
import { EventDemand } from './event-demand.js';
import { EventStream, MOST_READ } from './event-stream.js';
import type { Farewell, Listener } from './listener.js';
import { isRoomFor } from './listener-room.js';

const AFTER_ERROR_MS = 500;
const LOOK_EVERY_MS = 10_000;

/**
 * Those who listen at this process. As long as there are any, the stream is read once for all of them, on one connection.
 */
@Injectable()
export class EventHub implements OnModuleDestroy {
  private readonly listeners = new Set<Listener>();
  /** Resolves when it is known from where on is read; nothing while nobody listens. */
  private reading: Promise<void> | undefined;
  /** The id of the last event that was read. */
  private read = NOWHERE;
  private lookedAt = 0;
  private isStopped = false;

  constructor(
    private readonly config: Config,
    private readonly demand: EventDemand,
    private readonly stream: EventStream,
    private readonly metric: ListenerMetric,
  ) {}

  /**
   * @param audience who wants to listen
   * @throws ProblemError when there are as many as may be, or no more are taken
   */
  requireRoom(audience: Audience): void {
    const present = [...this.listeners].map((listener) => listener.audience);
    this.require(isRoomFor(audience, present, this.config.events.maxListeners));
  }

  /**
   * @param waiting how many are connected and have not said yet who they are
   * @throws ProblemError when there are as many as may be, or no more are taken
   */
  requireRoomToWait(waiting: number): void {
    this.require(waiting < this.config.events.maxListeners);
  }

  /**
   * Tells a listener of events from now on, or from the last one on that it has.
   *
   * @throws ProblemError when there are as many as may be
   */
  add(listener: Listener): void {
    this.requireRoom(listener.audience);
    this.listeners.add(listener);
    this.metric.count(this.listeners.size);
    void this.begin(listener).catch(() => {
      this.dismiss(listener, 'unavailable');
    });
  }

  get size(): number {
    return this.listeners.size;
  }

  /** How many WebSockets are connected. */
  countSockets(sockets: number): void {
    this.metric.countSockets(sockets);
  }

  /** An event of that kind was sent over a WebSocket. */
  readonly messageSent = (kind: string): void => {
    this.metric.messageSent(kind);
  };

  remove(listener: Listener): void {
    listener.stop();
    if (!this.listeners.delete(listener)) return;
    this.metric.count(this.listeners.size);
    if (this.listeners.size > 0) return;
    this.reading = undefined;
    this.demand.release();
  }

  /** Before HTTP is closed, which would wait for them. */
  onModuleDestroy(): void {
    this.isStopped = true;
    for (const listener of this.listeners) {
      this.dismiss(listener, 'shutting_down');
    }
  }

  private require(isRoom: boolean): void {
    if (this.isStopped) throw away('shutting_down', 'This process is being stopped; connect again.');
    const detail = 'As many listen to this process, or for this client, as may (EVENTS_MAX_LISTENERS).';
    if (!isRoom) throw away('too_many_listeners', detail);
  }

  private async begin(listener: Listener): Promise<void> {
    await this.demand.raise(() => this.stream.appendGap('nobody_listened'));
    await (this.reading ??= this.startReading());
    if (listener.at !== NOWHERE) await this.catchUp(listener);
    if (!listener.isOver) listener.beginLive(this.read);
  }

  /** Until the listener is where the process is. */
  private async catchUp(listener: Listener): Promise<void> {
    const newest = await this.stream.lastId();
    // The store has lost it, in a failover perhaps: what has come since has smaller ids.
    if (isAfter(listener.at, newest) && isAfter(listener.at, this.read)) {
      listener.goTo(this.read);
      await listener.tell(gapEvent(this.read, 'trimmed'));
    }
    while (!listener.isOver && isAfter(this.read, listener.at)) {
      const from = listener.at;
      const missed = await this.stream.after(from);
      // Asked afterwards, each time: it may take what there is more slowly than the stream forgets.
      if (await this.stream.isTrimmedAfter(from)) await listener.tell(gapEvent(from, 'trimmed'));
      if (missed.length === 0) return;
      await listener.catchUp(missed);
    }
  }

  private async startReading(): Promise<void> {
    try {
      this.read = await this.stream.lastId();
    } catch (error) {
      this.reading = undefined;
      throw error;
    }
    void this.readOn();
  }

  private async readOn(): Promise<void> {
    const own = this.reading;
    while (this.listeners.size > 0 && this.reading === own) {
      try {
        this.tellAll(await this.nextEvents());
        await this.lookAfterThings();
      } catch {
        // Redis is away; what happens meanwhile is read when it is back.
        await sleep(AFTER_ERROR_MS);
      }
    }
  }

  private async nextEvents(): Promise<readonly StoredEvent[]> {
    const from = this.read;
    const events = await this.stream.next(from);
    // It is behind, perhaps by more than the stream keeps.
    const isBehind = events.length >= MOST_READ && (await this.stream.isTrimmedAfter(from));
    this.read = events.at(-1)?.id ?? from;
    const [first] = events;
    return isBehind && first ? [gapEvent(first.id, 'trimmed'), ...events] : events;
  }

  private tellAll(events: readonly StoredEvent[]): void {
    if (events.length === 0) return;
    for (const listener of this.listeners) {
      if (listener.isLive && !listener.hear(events)) this.dismiss(listener, 'too_slow');
    }
  }

  private async lookAfterThings(): Promise<void> {
    const now = Date.now();
    if (now - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = now;
    await this.stream.trim(now);
    for (const listener of this.listeners) {
      if (!(await listener.mayStay())) this.dismiss(listener, 'not_allowed');
    }
  }

  private dismiss(listener: Listener, why: Farewell): void {
    if (!listener.isOver) this.metric.sentAway(why);
    listener.end(why);
    this.remove(listener);
  }
}

function away(code: string, detail: string): ProblemError {
  return new ProblemError({ status: 503, code, detail, headers: { 'retry-after': '5' } });
}
