import type { Misfire } from './misfire.js';
import type { Timing } from './timing.js';

export const OVERLAPS = ['skip', 'queue', 'allow'] as const;
/**
 * What becomes of an occurrence while the one before it has not ended: `skip` leaves it out, `queue` lets one wait, `allow`
 * starts it.
 */
export type Overlap = (typeof OVERLAPS)[number];

/** A schedule as it was asked for. Times are Unix milliseconds. */
export interface Definition {
  readonly clientId: string;
  readonly scheduleId: string;
  readonly timing: Timing;
  readonly overlap: Overlap;
  readonly misfire: Misfire;
  readonly maxLatenessMs: number;
  /** What the request said, as JSON or encrypted: the task that an occurrence becomes, and by what a repeat is known. */
  readonly request: string;
  /** How many tasks in a row led to it; nothing = none. */
  readonly depth?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Why occurrences did not become tasks. */
export type SkipReason =
  | 'overlap'
  | 'missed'
  | 'paused'
  | 'too_many_waiting'
  | 'client_disabled'
  | 'client_deleted'
  | 'rate_limited'
  | 'full'
  | 'invalid'
  | 'encryption_key_missing';

/** How far a schedule is. */
export interface Progress {
  /** When it fires next; nothing = never again, or it is paused. */
  readonly next?: number;
  readonly isPaused?: boolean;
  /** What it was paused for. */
  readonly reason?: string;
}

/** What is counted of a schedule: by the scripts, apart from the rest. */
interface Tally {
  readonly fired: number;
  readonly skipped: number;
  /** When the last of those was to fire that became tasks. */
  readonly lastAt?: number;
  readonly lastTaskId?: string;
  readonly lastSkip?: { readonly at: number; readonly reason: SkipReason };
}

export interface Schedule {
  /** `<client_id>.<schedule_id>` */
  readonly key: string;
  readonly definition: Definition;
  readonly progress: Progress;
  readonly tally: Tally;
  /** Both as they are stored: a change says by them what it was made from. */
  readonly stored: { readonly definition: string; readonly progress: string };
}
