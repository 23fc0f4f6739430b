import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { MADE_KEY } from '../../redis/keys.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(() => harness.stop());

const MIB = 1024 * 1024;
const TASKS = 24;

it('a page has few large tasks, however many were asked for, and the pages have them all', async () => {
  const target = { type: 'echo', payload: JSON.stringify('x'.repeat(MIB / 2)) };
  const tasks = await harness.add(TASKS, { target, delayMs: 3_600_000 });
  expect(await harness.redis.xlen(MADE_KEY)).toBe(TASKS);
  const found: string[] = [];
  let after: string | undefined;
  let pages = 0;
  do {
    const page = await harness.reader.list({ filter: {}, limit: 1000, after });
    found.push(...page.tasks.map(({ task }) => task.id));
    expect(page.tasks.length).toBeGreaterThan(0);
    expect(JSON.stringify(page.tasks.map(({ task }) => task)).length).toBeLessThan(4 * MIB);
    after = page.next;
    pages++;
  } while (after !== undefined);
  expect(found.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  expect(pages).toBeLessThan(TASKS / 2);
});
