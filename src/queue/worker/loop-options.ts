import type { Redis } from 'ioredis';
import type { HostChanges } from '../gates/host-changes.js';
import type { QueueClock } from '../queue-clock.js';
import type { TaskNews } from '../task-news.js';
import type { LaneShares } from './lane-shares.js';
import type { Sleeper } from './sleeper.js';
import type { StepSettings } from './step.js';
import type { Watchdog } from './watchdog.js';

/** What the loop of a worker works with, and whom it tells. */
export interface LoopOptions {
  readonly redis: Redis;
  readonly settings: StepSettings;
  /** How many tasks may run now. */
  readonly slots: () => number;
  readonly shares: LaneShares;
  readonly sleeper: Sleeper;
  readonly watchdog: Watchdog;
  readonly clock: QueueClock;
  /** Told how many bytes the completed history has, when tasks have ended. */
  readonly onHistory: (bytes: number) => void;
  /** Told after each turn how many tasks it has settled and fetched. */
  readonly onTurn?: (settled: number, fetched: number) => void;
  /** Told when tasks have ended whose end somebody wants to hear of. */
  readonly onCallbacks: () => void;
  readonly hostChanges: HostChanges;
  readonly taskNews: TaskNews;
}
