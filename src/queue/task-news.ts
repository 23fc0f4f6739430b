import type { Task } from '../task/task.js';
import type { SettledTask } from './worker/settled-task.js';

/** A task that has ended though no attempt of it was running: it was too late, or held for too long. */
export interface EndedTask {
  readonly id: string;
  readonly ending: 'cancelled' | 'dead_letter' | 'expired';
  readonly reason: string;
  /** `<kind>:<name>`, '\n' between: of its queue, its client, its host. */
  readonly gates: string;
}

/** What becomes of a task. What was settled and what ended is told when the store has it so. */
export type TaskNewsItem =
  | { readonly kind: 'submitted' | 'cancelled'; readonly task: Task }
  /** `attempt` counts from 1. */
  | { readonly kind: 'started'; readonly task: Task; readonly attempt: number }
  | { readonly kind: 'settled'; readonly settled: SettledTask }
  | { readonly kind: 'ended'; readonly ended: EndedTask };

interface TaskListener {
  /** Whether it wants to be told now: what costs nothing to ask saves what costs something to tell. */
  readonly isWanted: () => boolean;
  readonly tell: (item: TaskNewsItem) => void;
}

/** What becomes known of tasks in this process, for those who listen. */
export class TaskNews {
  private readonly listeners: TaskListener[] = [];

  listen(listener: TaskListener): void {
    this.listeners.push(listener);
  }

  /** Ask it before a loop; `tell` asks it, too. */
  get isHeard(): boolean {
    return this.listeners.some(({ isWanted }) => isWanted());
  }

  /** What this hears, another one hears. */
  tellTo(other: TaskNews): void {
    this.listen({
      isWanted: () => other.isHeard,
      tell: (item) => {
        other.tell(item);
      },
    });
  }

  tell(item: TaskNewsItem): void {
    for (const { isWanted, tell } of this.listeners) if (isWanted()) tell(item);
  }
}

/** What a turn that has settled some tasks tells. `ended`: also those of them that have come to another end than was settled. */
export function newsOf(settled: readonly SettledTask[], ended: readonly EndedTask[]): TaskNewsItem[] {
  const ends = new Map(ended.map((each) => [each.id, each]));
  const ofSettled = settled.map((each): TaskNewsItem => {
    const end = ends.get(each.id);
    ends.delete(each.id);
    const settledAs = end ? { ...each, kind: end.ending, reason: end.reason } : each;
    return { kind: 'settled', settled: settledAs };
  });
  return [...ofSettled, ...[...ends.values()].map((end): TaskNewsItem => ({ kind: 'ended', ended: end }))];
}

const ENDED_VALUES = 4;

/** What the scripts return as `endings`. */
export function parseEndings(values: readonly string[]): EndedTask[] {
  const all: EndedTask[] = [];
  for (let at = 0; at < values.length; at += ENDED_VALUES) {
    const [id = '', ending, reason = '', gates = ''] = values.slice(at, at + ENDED_VALUES);
    all.push({ id, ending: ending as EndedTask['ending'], reason, gates });
  }
  return all;
}
