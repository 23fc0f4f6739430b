import { Injectable } from '@nestjs/common';
import { HealthRegistry } from '../../health/health-registry.js';
import { QueueClock } from '../../queue/queue-clock.js';
import { Claims } from './claims.js';
import { Occurrences } from './occurrences.js';
import { Round } from './round.js';

/** Fires schedules: what is due is claimed, and what was claimed becomes a task. */
@Injectable()
export class Scheduler {
  private readonly rounds: readonly Round[];

  constructor(clock: QueueClock, health: HealthRegistry, claims: Claims, occurrences: Occurrences) {
    this.rounds = [
      new Round(clock, 'looking for due schedules', () => claims.look()),
      new Round(clock, 'enqueueing occurrences', () => occurrences.look()),
    ];
    claims.watchWith(health);
  }

  start(): void {
    for (const round of this.rounds) round.start();
  }

  /** Resolves when what is under way is done; what is left others do. */
  async stop(): Promise<void> {
    await Promise.all(this.rounds.map((round) => round.stop()));
  }
}
