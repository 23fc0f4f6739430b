import { lastErrorOf } from './last-error.js';
import type { TaskSnapshot } from '../task-reader.js';
import type { Label, TaskFilter } from './task-list.js';

/** What the script that looks for tasks cannot tell for certain: times to the millisecond, and texts in JSON. */
export function fits(found: TaskSnapshot, filter: TaskFilter): boolean {
  return isInTime(found, filter) && hasLabels(found, filter) && hasError(found, filter);
}

function isInTime({ task: { createdAt } }: TaskSnapshot, filter: TaskFilter): boolean {
  const { createdAfter = -Infinity, createdBefore = Infinity } = filter;
  return createdAt > createdAfter && createdAt < createdBefore;
}

function hasLabels({ task: { metadata } }: TaskSnapshot, { labels = [] }: TaskFilter): boolean {
  return labels.every(([key, value]) => Object.hasOwn(metadata, key) && metadata[key] === value);
}

function hasError(found: TaskSnapshot, { error }: TaskFilter): boolean {
  return error === undefined || lastErrorOf(found).some((words) => lower(words).includes(lower(error)));
}

/** As Lua does it: ASCII letters only. */
export function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** A label as it stands in the JSON of a task. */
export function labelJson([key, value]: Label): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}
