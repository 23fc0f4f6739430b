import { describeAdmission } from '../../test/support/admission-conformance.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryQueue } from '../../test/support/memory-queue.js';
import { attemptOf } from '../../test/support/attempt-of.js';
import { describeTaskQueue, type QueueUnderTest } from '../../test/support/task-queue-conformance.js';

function memoryQueue(): Promise<QueueUnderTest> {
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
    setRules: (clientId, rules) => {
      memory.setRules(clientId, rules);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
}

describeTaskQueue('the queue in memory', memoryQueue);
describeAdmission('who may add to the queue in memory', memoryQueue);
