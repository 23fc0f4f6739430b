import { expect, it, vi } from 'vitest';
import { SettlementMetrics, TaskMetrics } from '../metrics/task-metrics.js';
import { countEnds, countSettlements } from './count-tasks.js';
import type { TaskNewsItem } from './task-news.js';

const settled = (kind: string) =>
  ({ kind: 'settled', settled: { kind, type: 'http', delayMs: 1500 } }) as unknown as TaskNewsItem;
const ended = (ending: string) => ({ kind: 'ended', ended: { ending } }) as unknown as TaskNewsItem;
const cancelled = { kind: 'cancelled', task: { target: { url: 'x' } } } as unknown as TaskNewsItem;

/** Which counters a piece of news moves: those of ends, and those of what becomes of tasks after attempts. */
function countedOf(item: TaskNewsItem): unknown[] {
  const moved: unknown[] = [];
  for (const name of ['ended'] as const)
    vi.spyOn(TaskMetrics.prototype, name).mockImplementation((...of) => void moved.push([name, ...of]));
  for (const name of ['willRetry', 'died', 'handedBack'] as const)
    vi.spyOn(SettlementMetrics.prototype, name).mockImplementation(
      (...of: unknown[]) => void moved.push([name, ...of]),
    );
  countEnds(new TaskMetrics())(item);
  countSettlements(new SettlementMetrics())(item);
  return moved;
}

it.each([
  ['completed', settled('completed'), [['ended', 'completed', 'http']]],
  ['a retry', settled('retry'), [['willRetry', 1500, 'http']]],
  ['dead after an attempt', settled('dead_letter'), [['ended', 'dead_letter', 'http'], ['died']]],
  ['dead without an attempt', ended('dead_letter'), [['ended', 'dead_letter'], ['died']]],
  ['expired without an attempt', ended('expired'), [['ended', 'expired']]],
  ['cancelled while it waited', cancelled, [['ended', 'cancelled', 'http']]],
  ['handed back', settled('hand_back'), [['handedBack']]],
  ['asked again', settled('ask_again'), [['handedBack']]],
])('%s moves these counters and no other', (_what, item, moved) => {
  expect(countedOf(item)).toEqual(moved);
});
