import { describeAdmission } from '../../test/support/admission-conformance.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryQueue } from '../../test/support/memory-queue.js';
import { attemptOf } from '../../test/support/attempt-of.js';
import { describeTaskList } from '../../test/support/list-conformance.js';
import { describeCircuits } from '../../test/support/circuit-conformance.js';
import type { HostVerdict } from '../task/host-verdict.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';
import { describeTaskQueue, type QueueUnderTest } from '../../test/support/task-queue-conformance.js';

function memoryQueue(): Promise<QueueUnderTest> {
  const clock = new ManualClock();
  const memory = new MemoryQueue(clock);
  return Promise.resolve({
    queue: memory,
    reader: memory,
    clock,
    take: () => Promise.resolve(memory.take()),
    settle: (task: Task, settlement: Settlement, verdict?: HostVerdict) => {
      memory.settle(task.id, {
        attempt: attemptOf(settlement, clock.now()),
        settlement,
        ...(verdict && { verdict }),
      });
      return Promise.resolve();
    },
    shutClient: (clientId: string) => {
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
describeCircuits('circuits in memory', memoryQueue);
describeTaskList('the list of tasks in memory', memoryQueue);
