/**
 * The state machine of a task: what each state may become.
 *
 * `scheduled` has a future time, `pending` is due and waits for a worker, `deferred` is due but held by a gate,
 * `retrying` backs off after a failed attempt.
 */
const TRANSITIONS = {
  scheduled: ['pending', 'cancelled', 'expired'],
  pending: ['running', 'deferred', 'scheduled', 'cancelled', 'expired', 'dead_letter'],
  deferred: ['pending', 'scheduled', 'cancelled', 'expired', 'dead_letter'],
  // Back to pending: the worker crashed or handed the task back. Expired: a retry would come too late.
  running: ['completed', 'retrying', 'dead_letter', 'cancelled', 'pending', 'expired'],
  retrying: ['pending', 'cancelled', 'expired', 'dead_letter'],
  // Someone retried it.
  dead_letter: ['pending'],
  completed: [],
  cancelled: [],
  expired: [],
} as const;

export type TaskState = keyof typeof TRANSITIONS;

export const TASK_STATES = Object.keys(TRANSITIONS) as TaskState[];

export function mayBecome(from: TaskState, to: TaskState): boolean {
  return (TRANSITIONS[from] as readonly TaskState[]).includes(to);
}

/** Nothing happens to the task any more unless a person acts. */
export function isFinal(state: TaskState): boolean {
  return TRANSITIONS[state].length === 0 || state === 'dead_letter';
}
