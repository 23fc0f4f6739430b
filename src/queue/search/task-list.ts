import type { TaskState } from '../../task/task-state.js';

/** Which tasks are asked for; each member narrows them down further. Times are Unix milliseconds. */
export interface TaskFilter {
  readonly clientId?: string | undefined;
  readonly state?: TaskState | undefined;
  /** One of them; without `state`. */
  readonly states?: readonly TaskState[] | undefined;
  readonly queue?: string | undefined;
  /** An origin, or its host with or without the port. */
  readonly host?: string | undefined;
  readonly type?: string | undefined;
  /** All of them. */
  readonly labels?: readonly Label[] | undefined;
  /** Both exclusive. */
  readonly createdAfter?: number | undefined;
  readonly createdBefore?: number | undefined;
  /** What its last error has in it, whatever the case of ASCII letters. */
  readonly error?: string | undefined;
  /** Dead letters only, and in the order in which they died: what they died of, or any of them. */
  readonly dead?: { readonly fingerprint?: string | undefined } | undefined;
}

export type Label = readonly [key: string, value: string];

export interface TaskListQuery {
  readonly filter: TaskFilter;
  readonly limit: number;
  /** The page ends when the tasks on it, as they are stored, have about so many bytes, and goes on behind them. */
  readonly mostBytes?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** What was looked at for a page. Times are Unix milliseconds. */
export interface SearchedWindow {
  readonly scanned: number;
  /** When the newest and the oldest of them were stored; nothing when there were none. */
  readonly from?: number;
  readonly to?: number;
  /** There are no older ones. */
  readonly isComplete: boolean;
}
