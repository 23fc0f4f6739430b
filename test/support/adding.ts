import { type AddResult, receiptOf } from '../../src/queue/admission/admission.js';
import type { AddRules } from '../../src/queue/store/add-tasks.js';
import type { Task } from '../../src/task/task.js';

export const added = (task: Task): AddResult => ({ kind: 'added', receipt: receiptOf(task) });
export const replayed = (task: Task): AddResult => ({ kind: 'replayed', receipt: receiptOf(task) });

/** What holds for every task, which is nothing unless the test says so. */
export function addRules(rules: Partial<AddRules> = {}): AddRules {
  return { maxAgeMs: 1e9, maxAlive: 0, requestsPerSecond: 0, isMemoryShort: () => false, ...rules };
}

/** Of tasks that come from nobody's request. */
export function additions(tasks: readonly Task[]): { task: Task }[] {
  return tasks.map((task) => ({ task }));
}
