import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Settlement } from '../../task/settlement.js';

// No client takes more than 80 % of the slots of all workers while others wait.

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  finishAll();
  await harness.stop();
});

/** Tasks that run until they are told to end, by client. */
const running = new Map<string, (() => void)[]>();
let isOver = false;

async function work({ task }: { task: { clientId: string } }): Promise<Settlement> {
  if (!isOver) {
    await new Promise<void>((resolve) => {
      running.set(task.clientId, [...(running.get(task.clientId) ?? []), resolve]);
    });
  }
  return { kind: 'complete' };
}

const runs = (client: string): number => running.get(client)?.length ?? 0;
const end = (client: string): void => running.get(client)?.shift()?.();

function finishAll(): void {
  isOver = true;
  for (const ends of running.values()) for (const resolve of ends) resolve();
  running.clear();
}

beforeEach(() => {
  isOver = false;
});

async function fleetOf(...slots: number[]): Promise<void> {
  for (const each of slots) harness.worker(each, work);
  const all = String(slots.reduce((sum, each) => sum + each));
  await until(async () => (await harness.redis.get('{tr}:slots')) === all);
}

it('a client that is alone has all slots; when others come, it gives way down to its share, and gets them back', async () => {
  await fleetOf(5, 5);
  await harness.add(30, { clientId: 'greedy' });
  await until(() => runs('greedy') === 10);
  await harness.add(3, { clientId: 'modest' });
  end('greedy');
  end('greedy');
  await until(() => runs('modest') === 2);
  expect(runs('greedy')).toBe(8);
  end('modest');
  await until(() => runs('modest') === 2);
  expect(runs('greedy')).toBe(8);
  end('modest');
  end('modest');
  await until(() => runs('greedy') === 10);
});

it('others that wait get slots also behind a client without limits that filled the lane before them', async () => {
  await fleetOf(10);
  await harness.add(500, { clientId: 'greedy' });
  await until(() => runs('greedy') === 10);
  await harness.add(3, { clientId: 'modest' });
  end('greedy');
  end('greedy');
  await until(() => runs('modest') === 2);
  expect(runs('greedy')).toBe(8);
});

it('the share of the smallest fleet is one slot', async () => {
  await harness.add(3, { clientId: 'greedy' });
  await harness.add(1, { clientId: 'modest' });
  await fleetOf(1);
  await until(() => runs('greedy') === 1);
});

it('explains who is held back in favour of others', async () => {
  await fleetOf(5);
  await harness.add(5, { clientId: 'greedy' });
  await until(() => runs('greedy') === 5);
  await harness.add(3, { clientId: 'modest' });
  end('greedy');
  await until(() => runs('modest') === 1);
  const [task] = await harness.add(1, { clientId: 'greedy' });
  expect(await harness.reader.explain(task!.id)).toMatchObject({
    state: 'deferred',
    heldBy: { kind: 'client', running: 4, refusal: { reason: 'fleet_share' } },
  });
});

it('workers that leave, or are not heard of for as long as a lock lasts, take their slots with them', async () => {
  const worker = harness.worker(4, work);
  harness.worker(3, work);
  await until(async () => (await harness.redis.get('{tr}:slots')) === '7');
  await worker.drain(0);
  expect(await harness.redis.get('{tr}:slots')).toBe('3');
});
