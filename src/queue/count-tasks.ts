import { typeOf } from '../task/task.js';
import type { SettlementMetrics, TaskMetrics } from '../metrics/task-metrics.js';
import type { TaskNewsItem } from './task-news.js';

/** Counts how tasks end, in every process that hears of it first. */
export function countEnds(metrics: TaskMetrics): (item: TaskNewsItem) => void {
  return (item) => {
    if (item.kind === 'cancelled') metrics.ended('cancelled', typeOf(item.task));
    else if (item.kind === 'ended') metrics.ended(item.ended.ending);
    else if (item.kind === 'settled') {
      const { kind } = item.settled;
      if (kind !== 'retry' && kind !== 'hand_back' && kind !== 'ask_again')
        metrics.ended(kind, item.settled.type);
    }
  };
}

/** Counts what becomes of tasks after an attempt, in the process that made it. */
export function countSettlements(metrics: SettlementMetrics): (item: TaskNewsItem) => void {
  return (item) => {
    if (item.kind === 'ended') {
      if (item.ended.ending === 'dead_letter') metrics.died();
    } else if (item.kind === 'settled') countSettled(item.settled, metrics);
  };
}

type Settled = Extract<TaskNewsItem, { kind: 'settled' }>['settled'];

function countSettled({ kind, type, delayMs = 0 }: Settled, metrics: SettlementMetrics): void {
  if (kind === 'retry') metrics.willRetry(delayMs, type);
  else if (kind === 'dead_letter') metrics.died();
  else if (kind === 'hand_back' || kind === 'ask_again') metrics.handedBack();
}
