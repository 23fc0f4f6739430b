import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Settlement } from '../../task/settlement.js';

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start({ TASK_LOCK_SEC: '1' });
});
afterEach(async () => {
  await harness.stop();
});

const stateOf = async (id: string) => (await harness.reader.find(id))?.state;

describe('a running task that is cancelled', () => {
  it.each([{ kind: 'retry', delayMs: 3_600_000 }, { kind: 'hand_back' }] satisfies Settlement[])(
    'does not run again although its attempt ends in $kind',
    async (settlement) => {
      let runs = 0;
      harness.worker(1, (_claimed, abort) => {
        runs++;
        return new Promise((resolve) => {
          abort.onAbort(() => {
            resolve(settlement);
          });
        });
      });
      const [task] = await harness.add(1);
      await until(() => runs === 1);
      expect(await harness.queue.cancel(task!.id)).toBe('aborting');
      await until(async () => (await stateOf(task!.id)) === 'cancelled');
      expect(runs).toBe(1);
      expect(await harness.redis.zscore('{tr}:expiry', `default:${task!.id}`)).not.toBeNull();
    },
  );

  it('does not run again when its worker dies before it hears of it', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const [task] = await harness.add(1);
    const key = `{tr}:default:${task!.id}`;
    // As a dispatcher that is about to die holds it.
    await harness.redis.rpoplpush('{tr}:default:wait', '{tr}:default:active');
    await harness.redis.set(`${key}:lock`, 'dead', 'PX', 300);
    expect(await harness.queue.cancel(task!.id)).toBe('aborting');
    let runs = 0;
    harness.worker(1, () => {
      runs++;
      return Promise.resolve({ kind: 'complete' });
    });
    await until(async () => (await stateOf(task!.id)) === 'cancelled', { timeoutMs: 10_000 });
    expect(runs).toBe(0);
    expect(await harness.redis.hgetall('{tr}:running')).toEqual({});
  });
});
