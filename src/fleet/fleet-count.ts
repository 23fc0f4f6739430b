import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FleetMetrics } from '../metrics/fleet-metrics.js';
import { FLEET_COUNTED_KEY, FLEET_FIGURES_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { within } from '../redis/within.js';
import { FleetSurvey, type Survey } from './fleet-survey.js';

/** How long figures are told before they are counted anew. */
const FRESH_MS = 5000;
/** Counting takes at most this share of the time: what takes long is done less often. */
const SHARE = 0.02;
/** Older ones say nothing of now. */
const STALE_MS = 60_000;
/** A scrape must be answered, also while Redis is away. */
const DEADLINE_MS = 2000;
const LOOK_EVERY_MS = 50;
/** All metrics of a scrape ask at once. */
const SAME_SCRAPE_MS = 100;

/**
 * The figures of the whole fleet. One process counts them for all, and every process tells what was counted last, so that
 * all tell the same and many scrapers cost no more than one.
 */
@Injectable()
export class FleetCount implements OnModuleInit {
  private last: { readonly at: number; readonly survey: Promise<Survey | undefined> } | undefined;

  constructor(
    private readonly connections: RedisConnections,
    private readonly survey: FleetSurvey,
    private readonly metrics: FleetMetrics,
  ) {}

  onModuleInit(): void {
    this.metrics.measureWith(() => this.read());
  }

  /** Nothing when the store cannot be asked. */
  read(): Promise<Survey | undefined> {
    const now = performance.now();
    if (!this.last || now - this.last.at > SAME_SCRAPE_MS) {
      const survey = within(DEADLINE_MS, this.readOrCount()).catch(() => undefined);
      this.last = { at: now, survey };
    }
    return this.last.survey;
  }

  private async readOrCount(): Promise<Survey | undefined> {
    const isOurTurn = await this.redis.set(FLEET_COUNTED_KEY, 1, 'PX', FRESH_MS, 'NX');
    if (isOurTurn) return this.count();
    for (let waited = 0; waited < DEADLINE_MS; waited += LOOK_EVERY_MS) {
      const text = await this.redis.get(FLEET_FIGURES_KEY);
      if (text !== null) return JSON.parse(text) as Survey;
      // Somebody counts for the first time.
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }

  private async count(): Promise<Survey> {
    const since = performance.now();
    try {
      const survey = await this.survey.take();
      await this.redis.set(FLEET_FIGURES_KEY, JSON.stringify(survey), 'PX', STALE_MS);
      const tookMs = performance.now() - since;
      const restMs = Math.round(tookMs / SHARE);
      if (restMs > FRESH_MS) await this.redis.pexpire(FLEET_COUNTED_KEY, Math.min(restMs, STALE_MS / 2));
      return survey;
    } catch (error) {
      await this.redis.del(FLEET_COUNTED_KEY);
      throw error;
    }
  }

  private get redis(): RedisConnections['producer'] {
    return this.connections.producer;
  }
}
