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

const stateOf = async (id: string) => (await harness.reader.find(id))?.state;
const complete = ({ task }: { task: { id: string } }) => {
  ran.push(task.id);
  return Promise.resolve({ kind: 'complete' } as const);
};

async function deadLetter(): Promise<string> {
  const worker = harness.worker(1, () =>
    Promise.resolve({ kind: 'dead_letter', reason: 'permanent_failure' }),
  );
  const [task] = await harness.add(1);
  await until(async () => (await stateOf(task!.id)) === 'dead_letter');
  await worker.drain(1000);
  return task!.id;
}

describe('running a task now', () => {
  it('takes it out of the schedule, and wakes a worker that sleeps', async () => {
    harness.worker(1, complete);
    const [task] = await harness.add(1, { delayMs: 3_600_000 });
    expect(await harness.queue.runNow(task!.id)).toBe('due');
    await until(() => ran.length === 1);
    await until(async () => (await stateOf(task!.id)) === 'completed');
    expect(await harness.redis.zcard('{tr}:default:delayed')).toBe(0);
  });

  it('counts for the gates like any other task', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const tasks = await harness.add(3, { delayMs: 3_600_000 });
    for (const { id } of tasks) expect(await harness.queue.runNow(id)).toBe('due');
    const states = await Promise.all(tasks.map(({ id }) => stateOf(id)));
    expect(states).toEqual(['pending', 'deferred', 'deferred']);
    harness.worker(5, complete);
    await until(() => ran.length === 3, { timeoutMs: 10_000 });
    await until(async () => (await harness.redis.hlen('{tr}:held')) === 0);
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({});
  });
});

it('tells of one that had expired that it has ended', async () => {
  const [task] = await harness.add(1, { delayMs: 3_600_000 });
  await harness.redis.hset(`{tr}:default:${task!.id}`, 'expires', 1);
  const ended = { id: task!.id, ending: 'expired', reason: '' };
  expect(await harness.queue.runNow(task!.id)).toMatchObject(ended);
  expect(await harness.queue.runNow(task!.id)).toBe('finished');
});

describe('retrying a dead letter', () => {
  it('removes every trace of its end', async () => {
    const id = await deadLetter();
    expect(await harness.redis.zcard('{tr}:expiry')).toBe(1);
    expect(await harness.queue.retry(id)).toBe('retried');
    expect(await stateOf(id)).toBe('pending');
    expect(await harness.redis.zcard('{tr}:default:failed')).toBe(0);
    expect(await harness.redis.zcard('{tr}:expiry')).toBe(0);
    const fields = await harness.redis.hkeys(`{tr}:default:${id}`);
    expect(fields).not.toEqual(expect.arrayContaining(['end']));
    expect(fields).not.toEqual(expect.arrayContaining(['finishedOn']));
    expect(fields).not.toEqual(expect.arrayContaining(['failedReason']));
    expect(fields).toEqual(expect.arrayContaining(['a:0']));
    harness.worker(1, complete);
    await until(async () => (await stateOf(id)) === 'completed');
  });

  it('gives one that took its workers down another chance', async () => {
    const id = await deadLetter();
    await harness.redis.hset(`{tr}:default:${id}`, { defa: 'crashed_too_often', stc: '26' });
    expect(await harness.queue.retry(id)).toBe('retried');
    harness.worker(1, complete);
    await until(async () => (await stateOf(id)) === 'completed');
  });

  it('works of one that names no gates any more', async () => {
    const id = await deadLetter();
    await harness.redis.hdel(`{tr}:default:${id}`, 'gates');
    expect(await harness.queue.retry(id)).toBe('retried');
    harness.worker(1, complete);
    await until(async () => (await stateOf(id)) === 'completed');
  });

  it('does not get it past a gate', async () => {
    const id = await deadLetter();
    await harness.gates.set('c:client-a', { isShut: true });
    expect(await harness.queue.retry(id)).toBe('retried');
    expect(await stateOf(id)).toBe('deferred');
  });
});
