import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { EventMetric } from '../metrics/event-metric.js';
import { Seldom } from '../time/seldom.js';
import type { Happening } from './event.js';
import { EventDemand } from './event-demand.js';
import { EventStream } from './event-stream.js';

/** What happens meanwhile goes out in one command. */
const TICK_MS = 20;
const MOST_AT_ONCE = 500;
/** More than this is not kept while Redis is slow, or away. */
const MOST_WAITING = 20_000;
const SAME_WARNING_EVERY_MS = 60_000;

/** Tells what happens in this process, if anybody wants to know. Never waits and never fails. */
@Injectable()
export class EventPublisher implements OnModuleDestroy {
  private readonly logger = new Logger('Events');
  private readonly seldom = new Seldom(SAME_WARNING_EVERY_MS);
  private waiting: Happening[] = [];
  private isGap = false;
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly demand: EventDemand,
    private readonly stream: EventStream,
    private readonly metric: EventMetric,
  ) {}

  get isWanted(): boolean {
    return this.demand.isWanted;
  }

  publish(happening: Happening): void {
    if (!this.demand.isWanted) return;
    if (this.waiting.length >= MOST_WAITING) {
      this.isGap = true;
      this.metric.missed(1);
      return;
    }
    this.waiting.push(happening);
    this.flushing ??= this.flushLater();
  }

  /** What was told last goes out, too. */
  async onModuleDestroy(): Promise<void> {
    await this.flushing;
  }

  private async flushLater(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    try {
      await this.flush();
    } catch (error) {
      this.isGap = true;
      this.warn(error);
    }
    this.flushing = this.waiting.length > 0 ? this.flushLater() : undefined;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MOST_AT_ONCE);
      await this.send(batch);
      if (!this.isGap) continue;
      this.isGap = false;
      await this.stream.appendGap('overload');
    }
  }

  private async send(batch: readonly Happening[]): Promise<void> {
    try {
      await this.stream.append(batch);
    } catch (error) {
      this.metric.missed(batch.length);
      throw error;
    }
    for (const { kind } of batch) this.metric.told(kind);
  }

  private warn(error: unknown): void {
    if (!this.seldom.isDue()) return;
    const reason = error instanceof Error ? error.message.slice(0, 200) : String(error);
    this.logger.warn(`events were lost, because Redis says: ${reason}`);
  }
}
