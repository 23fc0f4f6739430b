import { afterEach, beforeEach, expect, it } from 'vitest';
import { Proxy } from '../support/proxy.js';
import { QueueHarness } from '../support/queue-harness.js';
import { taskOf } from '../support/task-of.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

const CLIENTS = 10_000 * Number(process.env['TEST_SCALE'] ?? 1);
const TASKS_OF_EACH = 3;
const CAP = 2;
const AT_ONCE = 2000;

let harness: QueueHarness;
let proxy: Proxy;
beforeEach(async () => {
  harness = await QueueHarness.start({ TASK_LOCK_SEC: '1' });
  proxy = await Proxy.to(redisUrl());
});
afterEach(async () => {
  await harness.stop();
  await proxy.stop();
});

/** In pieces, so that no command waits for longer than it may. */
async function inPieces<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(act));
}

it('a worker that is lost with the tasks of many capped clients leaks none of their slots', async () => {
  const clients = Array.from({ length: CLIENTS }, (_, n) => `client-${n}`);
  await inPieces(clients, (client) => harness.gates.set(`c:${client}`, { maxRunning: CAP }));
  const tasks = clients.flatMap((clientId) =>
    Array.from({ length: TASKS_OF_EACH }, () => taskOf(Date.now(), { clientId })),
  );
  await inPieces(tasks, (task) => harness.queue.add(task));

  const runs = new Map<string, number>();
  const ran = (id: string) => runs.set(id, (runs.get(id) ?? 0) + 1);
  const work = ({ task }: { task: { id: string } }) => {
    ran(task.id);
    return Promise.resolve({ kind: 'complete' } as const);
  };
  // It has taken what it can when its connection is lost, and comes back when others have taken over.
  const held: (() => void)[] = [];
  let isBack = false;
  harness.worker(
    100,
    async ({ task }) => {
      ran(task.id);
      if (!isBack) await new Promise<void>((resolve) => held.push(resolve));
      return { kind: 'complete' };
    },
    proxy.url,
  );
  await until(() => held.length === 100, { timeoutMs: 20_000 });
  proxy.cut();
  const lost = [...runs.keys()];
  for (let n = 0; n < 2; n++) harness.worker(100, work);
  await until(() => lost.every((id) => runs.get(id)! > 1), { timeoutMs: 60_000, every: 100 });
  isBack = true;
  proxy.mend();
  for (const finish of held) finish();

  const completed = async () => (await harness.redis.zcard('{tr}:default:completed')) === tasks.length;
  await until(completed, { timeoutMs: 100_000, every: 100 });
  await harness.drained();
  expect(runs.size).toBe(tasks.length);
  for (const [id, count] of runs) expect(count, id).toBe(lost.includes(id) ? 2 : 1);
  const books = ['held', 'running', 'window'].map((name) => harness.redis.hgetall(`{tr}:${name}`));
  expect(await Promise.all(books)).toEqual([{}, {}, {}]);
  for (const list of ['wait', 'active']) expect(await harness.redis.llen(`{tr}:default:${list}`)).toBe(0);
});
