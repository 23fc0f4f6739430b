import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryQueue } from '../../test/support/memory-queue.js';
import { attemptOf } from '../../test/support/attempt-of.js';
import { describeTaskQueue } from '../../test/support/task-queue-conformance.js';

describeTaskQueue('the queue in memory', () => {
  const clock = new ManualClock();
  const memory = new MemoryQueue(clock);
  return Promise.resolve({
    queue: memory,
    reader: memory,
    clock,
    take: () => Promise.resolve(memory.take()),
    settle: (task, settlement) => {
      memory.settle(task.id, attemptOf(settlement, clock.now()), settlement);
      return Promise.resolve();
    },
    shutClient: (clientId) => {
      memory.shutClient(clientId);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
});
