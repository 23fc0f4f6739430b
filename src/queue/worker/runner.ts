import type { SettledTask } from './settled-task.js';
import type { FetchedTask, UnreadableTask } from './step.js';

/** What the loop drives: begins an attempt and gives, when it is over, what has to be settled. */
export interface Runner {
  run(fetched: FetchedTask): Promise<SettledTask>;
  /** Aborts a running task, which then ends as cancelled. */
  cancel(id: string): void;
  /** Gives what has to be settled instead of an attempt. */
  onUnreadable(task: UnreadableTask): SettledTask;
  onLost(ids: readonly string[]): void;
  onError(error: unknown): void;
}
