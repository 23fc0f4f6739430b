import { describeAdmission } from '../../test/support/admission-conformance.js';
import { attemptOf } from '../../test/support/attempt-of.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { describeTaskList } from '../../test/support/list-conformance.js';
import { describeCircuits } from '../../test/support/circuit-conformance.js';
import type { HostVerdict } from '../task/host-verdict.js';
import { ADMISSION_KEY } from '../redis/keys.js';
import type { Settlement } from '../task/settlement.js';
import type { Task } from '../task/task.js';
import { loadConfig } from '../config/load-config.js';
import { encodeRules } from '../../test/support/admission-rules.js';
import { stepSettings } from './queue-rules.js';
import { TaskNews } from './task-news.js';
import { RunningTasks } from './worker/running-tasks.js';
import type { SettledTask } from './worker/settled-task.js';
import { type FetchedTask, step } from './worker/step.js';
import { describeTaskQueue, type QueueUnderTest } from '../../test/support/task-queue-conformance.js';
import { Logger } from '@nestjs/common';

const settings = stepSettings(loadConfig({}), 'dispatcher');

/** The real queue, whose worker takes and settles when a test says so. */
async function realQueue(): Promise<QueueUnderTest> {
  const clock = new ManualClock();
  const harness = await QueueHarness.start({}, clock);
  const fetched = new Map<string, FetchedTask>();
  let requests = 0;
  const turn = (capacity: number, settled: SettledTask[] = []) => {
    const request = {
      id: `request-${++requests}`,
      capacity,
      settled,
      laneTimes: [0, 0, 0, 0],
      laneCharges: [1, 1, 1, 1],
    };
    return step(harness.redis, settings, request, clock.now());
  };
  return {
    queue: harness.queue,
    reader: harness.reader,
    clock,
    take: async () => {
      const reply = await turn(100);
      for (const each of reply.fetched) fetched.set(each.task.id, each);
      return reply.fetched.map(({ task }) => task);
    },
    settle: async ({ id }: Task, settlement: Settlement, verdict?: HostVerdict) => {
      const attempt = attemptOf(settlement, clock.now());
      const handler = { handle: () => Promise.resolve({ attempt, settlement, ...(verdict && { verdict }) }) };
      const running = new RunningTasks(handler, new Logger(), clock, new TaskNews());
      await turn(0, [await running.run(fetched.get(id)!)]);
    },
    shutClient: async (clientId) => {
      await harness.gates.set(`c:${clientId}`, { isShut: true });
    },
    setRules: async (clientId, rules) => {
      await harness.redis.hset(ADMISSION_KEY, clientId, encodeRules(rules));
    },
    stop: () => harness.stop(),
  };
}

describeTaskQueue('the queue in Redis', realQueue);
describeCircuits('circuits in Redis', realQueue);
describeAdmission('who may add to the queue in Redis', realQueue);
describeTaskList('the list of tasks', realQueue);
