import { Injectable } from '@nestjs/common';
import { QueueClock } from '../../queue/queue-clock.js';
import { Claims } from './claims.js';
import { Occurrences } from './occurrences.js';
import { Round } from './round.js';
import { SchedulerWatch } from './scheduler-watch.js';

/** Fires schedules: what is due is claimed, and what was claimed becomes a task. */
@Injectable()
export class Scheduler {
  private readonly rounds: readonly Round[];

  constructor(clock: QueueClock, watch: SchedulerWatch, claims: Claims, occurrences: Occurrences) {
    const rounds = {
      claims: new Round(clock, 'looking for due schedules', () => claims.look()),
      occurrences: new Round(clock, 'enqueueing occurrences', () => occurrences.look()),
    };
    watch.over(rounds);
    this.rounds = Object.values(rounds);
  }

  start(): void {
    for (const round of this.rounds) round.start();
  }

  /** Resolves when what is under way is done; what is left others do. */
  async stop(): Promise<void> {
    await Promise.all(this.rounds.map((round) => round.stop()));
  }
}
