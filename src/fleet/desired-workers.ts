/** What the number of workers is made from. */
export interface Demand {
  /** Due tasks that could run now if there were slots. */
  readonly runnable: number;
  /** Slots of workers that take tasks in which tasks run now. */
  readonly busySlots: number;
  /** Workers that an admin has paused or drained: they are there, and take nothing. */
  readonly heldWorkers: number;
  /** How many slots a worker has. */
  readonly slotsPerWorker: number;
  /** How long an attempt takes, milliseconds; nothing = nobody knows yet. */
  readonly meanAttemptMs?: number | undefined;
}

export interface ScaleBounds {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Within how many seconds what could run now should have begun. */
  readonly drainSec: number;
}

/** Taken to be how long an attempt takes before one has ended, milliseconds. */
const UNKNOWN_MS = 1000;

/**
 * How many workers are wanted: enough slots for what runs, and for what could run to be worked off in time (Little's law:
 * slots = rate × time). No task wants more than one slot. Those that are held are wanted besides: whoever starts and stops workers
 * counts them, too.
 */
export function desiredWorkers(demand: Demand, { minWorkers, maxWorkers, drainSec }: ScaleBounds): number {
  const { runnable, busySlots, heldWorkers, slotsPerWorker, meanAttemptMs = UNKNOWN_MS } = demand;
  const forBacklog = Math.min(runnable, (runnable * meanAttemptMs) / 1000 / drainSec);
  const workers = Math.ceil((busySlots + forBacklog) / Math.max(1, slotsPerWorker));
  return Math.min(maxWorkers, Math.max(minWorkers, workers) + heldWorkers);
}
