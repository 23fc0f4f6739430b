import type { Lane } from '../../task/lane.js';

/** By the number that stands for it, least urgent first. */
export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof PRIORITIES)[number];

export function priorityOf(lane: Lane): Priority {
  return lane === 'default' ? 'normal' : lane;
}

export function laneOf(priority: Priority): Lane {
  return priority === 'normal' ? 'default' : priority;
}

/** A priority as requests write it, by its number or its name; nothing when it is none. */
export function priorityNamed(value: unknown): Priority | undefined {
  const numbered = typeof value === 'number' ? PRIORITIES[value] : undefined;
  return numbered ?? PRIORITIES.find((name) => name === value);
}
