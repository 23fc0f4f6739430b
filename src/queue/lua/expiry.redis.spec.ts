import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';

let harness: QueueHarness;
let ran: string[];
beforeEach(async () => {
  harness = await QueueHarness.start();
  ran = [];
});
afterEach(async () => {
  await harness.stop();
});

const work = ({ task }: { task: { id: string } }) => {
  ran.push(task.id);
  return Promise.resolve({ kind: 'complete' } as const);
};
const expired = async (id: string) => (await harness.reader.find(id))?.state === 'expired';

describe('a task that has expired', () => {
  it('is not started when it waited too long', async () => {
    const [task] = await harness.add(1, { expiresAt: Date.now() - 1 });
    harness.worker(1, work);
    await until(() => expired(task!.id));
    expect(ran).toEqual([]);
    expect((await harness.reader.find(task!.id))?.finishedAt).toBeDefined();
  });

  it('ends by itself while a gate holds it, and leaves nothing behind', async () => {
    await harness.gates.set('c:client-a', { isShut: true });
    const [task] = await harness.add(1, { expiresAt: Date.now() + 200 });
    expect((await harness.reader.find(task!.id))?.state).toBe('deferred');
    harness.worker(1, work);
    await until(() => expired(task!.id), { timeoutMs: 10_000 });
    expect(await harness.redis.exists('{tr}:park:c:client-a')).toBe(0);
    await harness.gates.set('c:client-a', {});
    const [other] = await harness.add(1);
    await until(() => ran.includes(other!.id));
    expect(ran).toEqual([other!.id]);
  });
});
