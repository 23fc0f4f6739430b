import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { hostOf } from '../../../test/support/memory-circuits.js';
import { loadConfig } from '../../config/load-config.js';
import type { Attempt } from '../../task/attempt.js';
import type { Task } from '../../task/task.js';
import { breakerText } from '../queue-rules.js';
import { addTasks } from '../store/add-tasks.js';
import { gatesOf } from '../store/stored-task.js';
import { added, additions, addRules, replayed } from '../../../test/support/adding.js';
import { Housekeeping } from '../worker/housekeeping.js';
import { NO_ATTEMPTS } from '../worker/kept-attempts.js';
import type { SettledTask } from '../worker/settled-task.js';
import { step, type StepSettings } from '../worker/step.js';

// The scripts by themselves, at times that the tests choose: hours pass in milliseconds.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2030, 0, 1);
const settings: StepSettings = {
  token: 'dispatcher-1',
  lockMs: 30_000,
  mode: 'weighted',
  maxAgeMs: 7 * DAY,
  completedForMs: DAY,
  deadForMs: undefined,
  breaker: breakerText(loadConfig({})),
};

let harness: QueueHarness;
let clock: ManualClock;
let requests = 0;
beforeEach(async () => {
  clock = new ManualClock(START);
  harness = await QueueHarness.start({}, clock);
});
afterEach(async () => {
  await harness.stop();
});

const at = (createdAt: number, fields: Partial<Task> = {}): Task =>
  harness.task({ createdAt, scheduledAt: createdAt, ...fields });
const add = (tasks: Task[], now: number, id = `batch-${++requests}`) =>
  addTasks(
    harness.redis,
    { additions: additions(tasks), isAllOrNone: false, id: [id, 1] },
    addRules(settings),
    now,
  );

function turn(
  now: number,
  fields: { id?: string; capacity?: number; settled?: SettledTask[]; token?: string } = {},
) {
  const { id = `request-${++requests}`, capacity = 10, settled = [], token = settings.token } = fields;
  const request = { id, capacity, settled, laneTimes: [0, 0, 0, 0], laneCharges: [1, 1, 1, 1] };
  return step(harness.redis, { ...settings, token }, request, now);
}

function settledTask(task: Task, fields: Partial<SettledTask>): SettledTask {
  const attempt: Attempt = {
    number: 1,
    startedAt: 0,
    endedAt: 1,
    class: 'succeeded',
    timings: { totalMs: 1 },
  };
  return {
    lane: task.lane,
    id: task.id,
    kind: 'completed',
    attemptsMade: 1,
    dataBytes: 0,
    kept: NO_ATTEMPTS,
    attempt,
    gates: gatesOf(task),
    ...fields,
  };
}

const ids = (reply: { fetched: readonly { task: Task }[] }) => reply.fetched.map(({ task }) => task.id);

describe('a worker that was cut off', () => {
  const failed = (task: Task, startedAt: number): SettledTask => {
    const error = { code: 'connect_failed', message: '' } as const;
    const attempt: Attempt = {
      ...{ number: 1, startedAt, endedAt: startedAt + 5, class: 'not_sent', error },
      timings: { totalMs: 5 },
    };
    const verdict = { kind: 'failure', note: 'connect_failed' } as const;
    return settledTask(task, { kind: 'retry', attempt, delayMs: HOUR, verdict, gates: gatesOf(task) });
  };
  const stateOf = async (task: Task) => (await harness.circuits.find(hostOf(task))).state;

  it('tells late what was long ago, and a host that is back meanwhile stays', async () => {
    const tasks = Array.from({ length: 5 }, () => at(START));
    await add(tasks, START);
    await turn(START);
    const [task] = tasks as [Task];
    const host = hostOf(task);
    await harness.circuits.open(host, { until: Infinity, by: '-', note: '' });
    clock.advance(36_000);
    await harness.circuits.close(host);
    clock.advance(4000);
    await turn(clock.now(), { settled: tasks.map((each) => failed(each, START)) });
    expect(await stateOf(task)).toBe('ramping');
    expect(await harness.redis.hget(`{tr}:default:${task.id}`, 'processedOn')).toBe(String(START));
    // What began since is heard.
    clock.advance(2 * HOUR);
    await harness.circuits.open(host, { until: Infinity, by: '-', note: '' });
    await harness.circuits.close(host);
    await turn(clock.now());
    await turn(clock.now(), { settled: tasks.map((each) => failed(each, clock.now())) });
    expect(await stateOf(task)).toBe('open');
  });
});

describe('a turn that is sent again because its reply was lost', () => {
  it('gives the same tasks and fetches no others', async () => {
    const tasks = [at(START), at(START), at(START), at(START)];
    await add(tasks, START);
    const first = await turn(START, { id: 'r1', capacity: 2 });
    const again = await turn(START, { id: 'r1', capacity: 2 });
    expect(ids(first)).toEqual([tasks[0]!.id, tasks[1]!.id]);
    expect(again.fetched).toEqual(first.fetched);
    expect(await harness.redis.llen('{tr}:default:active')).toBe(2);
    expect(ids(await turn(START, { id: 'r2', capacity: 2 }))).toEqual([tasks[2]!.id, tasks[3]!.id]);
  });

  it('tells again what has to be aborted', async () => {
    const task = at(START);
    await add([task], START);
    await turn(START);
    await harness.queue.cancel(task.id);
    expect((await turn(START, { id: 'r1' })).cancelled).toEqual([task.id]);
    expect((await turn(START, { id: 'r1' })).cancelled).toEqual([task.id]);
    expect((await turn(START, { id: 'r2' })).cancelled).toEqual([]);
  });

  it('settles nothing twice', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 2 });
    const task = at(START);
    await add([task, at(START)], START);
    await turn(START);
    expect(await harness.held()).toEqual({ 'c:client-a': '2' });
    const settled = [settledTask(task, { kind: 'retry', delayMs: HOUR })];
    await turn(START, { id: 'r3', settled });
    await turn(START, { id: 'r3', settled });
    expect(await harness.held()).toEqual({ 'c:client-a': '1' });
    expect(await harness.redis.zcard('{tr}:default:delayed')).toBe(1);
    expect((await turn(START, { settled })).lost).toEqual([task.id]);
  });

  it('of adding stores nothing twice either, in whatever lane it comes', async () => {
    const task = at(START);
    expect(await add([task, task], START)).toEqual([added(task), replayed(task)]);
    const moved: Task = { ...task, lane: 'critical', queue: 'critical' };
    expect(await add([moved], START)).toEqual([replayed(task)]);
    expect(ids(await turn(START))).toEqual([task.id]);
  });
});

describe('over hours and days', () => {
  it('a delayed task comes when it is due and not before', async () => {
    await add([at(START, { scheduledAt: START + 5 * HOUR })], START);
    expect(await turn(START + 5 * HOUR - 2)).toMatchObject({ fetched: [], nextDueMs: 2 });
    expect((await turn(START + 5 * HOUR)).fetched).toHaveLength(1);
  });

  it('a retry waits for its backoff, and keeps its count', async () => {
    const task = at(START);
    await add([task], START);
    await turn(START);
    await turn(START, { settled: [settledTask(task, { kind: 'retry', delayMs: 2 * HOUR })] });
    expect((await turn(START + 2 * HOUR - 2)).fetched).toEqual([]);
    const [fetched] = (await turn(START + 2 * HOUR)).fetched;
    expect(fetched).toMatchObject({ attemptsMade: 1, kept: { made: 1 }, dueAt: START + 2 * HOUR });
  });

  it('a task that a gate holds for seven days becomes a dead letter that names the gate', async () => {
    await harness.gates.set('q:reports', { isShut: true });
    const task = at(START, { queue: 'reports' });
    await add([task], START);
    for (let now = START; now < START + 7 * DAY; now += HOUR) expect((await turn(now)).fetched).toEqual([]);
    expect((await harness.reader.find(task.id))?.state).toBe('deferred');
    await turn(START + 7 * DAY + 1);
    expect(await harness.reader.find(task.id)).toMatchObject({
      state: 'dead_letter',
      deadLetterReason: 'queue_paused',
    });
    expect(await harness.redis.exists('{tr}:park:q:reports')).toBe(0);
  });

  it('a completed task is removed after its retention, a dead letter without one never', async () => {
    const [done, dead] = [at(START), at(START)];
    await add([done, dead], START);
    await turn(START);
    await turn(START, {
      settled: [
        settledTask(done, {}),
        settledTask(dead, { kind: 'dead_letter', reason: 'attempts_exhausted' }),
      ],
    });
    const housekeeping = new Housekeeping(harness.redis, 30_000, clock);
    clock.advance(DAY - 1);
    await housekeeping.prune();
    expect((await harness.reader.find(done.id))?.state).toBe('completed');
    clock.advance(1);
    await housekeeping.prune();
    expect(await harness.reader.find(done.id)).toBeUndefined();
    clock.advance(3650 * DAY);
    await housekeeping.prune();
    expect((await harness.reader.find(dead.id))?.state).toBe('dead_letter');
  });
});

describe('a dispatcher that dies', () => {
  it('leaves its tasks their slots: they run again, nothing else runs for them, and all slots come back', async () => {
    await harness.gates.set('c:client-a', { maxRunning: 1 });
    const [lost, behind] = [at(START), at(START)];
    await add([lost, behind], START);
    expect(ids(await turn(START, { token: 'dispatcher-1' }))).toEqual([lost.id]);
    await harness.redis.del(`{tr}:default:${lost.id}:lock`);
    expect(await new Housekeeping(harness.redis, 30_000, clock).recover()).toEqual([lost.id]);
    expect(await harness.held()).toEqual({ 'c:client-a': '1' });
    expect(ids(await turn(START, { token: 'dispatcher-2' }))).toEqual([lost.id]);
    expect(await harness.held()).toEqual({ 'c:client-a': '1' });
    const settled = [settledTask(lost, {})];
    expect(ids(await turn(START, { token: 'dispatcher-2', settled }))).toEqual([behind.id]);
    await turn(START, { token: 'dispatcher-2', settled: [settledTask(behind, {})] });
    expect(await harness.held()).toEqual({});
    expect(await harness.redis.hlen('{tr}:held')).toBe(0);
  });
});

describe('a turn', () => {
  it('of somebody else does not settle what is ours', async () => {
    const task = at(START);
    await add([task], START);
    await turn(START);
    const reply = await turn(START, { token: 'dispatcher-2', settled: [settledTask(task, {})] });
    expect(reply.lost).toEqual([task.id]);
    expect((await harness.reader.find(task.id))?.state).toBe('running');
  });

  it('keeps the first attempt and the newest, and no more than fifty', async () => {
    const task = at(START, { maxRetries: 1000 });
    await add([task], START);
    for (let n = 1; n <= 120; n++) {
      const [fetched] = (await turn(START + n)).fetched;
      const attempt = {
        number: n,
        startedAt: n,
        endedAt: n,
        class: 'rejected',
        timings: { totalMs: 0 },
      } as const;
      const { kept } = fetched!;
      await turn(START + n, {
        capacity: 0,
        settled: [settledTask(task, { kind: 'retry', delayMs: 1, attemptsMade: n, kept, attempt })],
      });
    }
    const numbers = (await harness.reader.find(task.id))!.attempts.map(({ number }) => number);
    expect(numbers).toHaveLength(50);
    expect(numbers[0]).toBe(1);
    expect(numbers.slice(1)).toEqual(Array.from({ length: 49 }, (_, n) => 72 + n));
  });
});

describe('what a turn tells of the lanes', () => {
  it('is how many tasks wait that may be taken: none of a lane that BullMQ has paused', async () => {
    await add([at(START), at(START), at(START, { lane: 'low' })], START);
    await harness.redis.hset('{tr}:default:meta', 'paused', '1');
    expect((await turn(START, { capacity: 0 })).waiting).toEqual([0, 0, 0, 1]);
    await harness.redis.hdel('{tr}:default:meta', 'paused');
    expect((await turn(START, { capacity: 0 })).waiting).toEqual([0, 0, 2, 1]);
  });
});
