import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attemptOf } from '../../../test/support/attempt-of.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import { loadConfig } from '../../config/load-config.js';
import { LockKeeper } from '../worker/lock-keeper.js';
import { stepSettings } from '../queue-rules.js';
import type { SettledTask } from '../worker/settled-task.js';
import { type FetchedTask, step } from '../worker/step.js';

const RUNNING = 12_000 * Number(process.env['TEST_SCALE'] ?? 1);
const DISPATCHERS = 3;
const PER_TURN = 128;
const LOCK_MS = 1500;

let harness: QueueHarness;
let requests = 0;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

const settings = stepSettings(loadConfig({}), '');
const tokens = Array.from({ length: DISPATCHERS }, (_, n) => `dispatcher-${n}`);

function turn(token: string, capacity: number, settled: SettledTask[] = []) {
  const id = `request-${++requests}`;
  const lanes = { laneTimes: [0, 0, 0, 0], laneCharges: [1, 1, 1, 1] };
  return step(harness.redis, { ...settings, token }, { id, capacity, settled, ...lanes }, '');
}

function completed({ task: { id }, lane, dataBytes, kept, gates }: FetchedTask): SettledTask {
  const attempt = attemptOf({ kind: 'complete' }, 0);
  return { lane, id, gates, kind: 'completed', attemptsMade: 1, dataBytes, kept, attempt };
}

/** CPU of Redis, in microseconds. */
async function cpu(): Promise<number> {
  const info = await harness.redis.info('cpu');
  const [user, system] = ['user', 'sys'].map((kind) =>
    Number(new RegExp(`used_cpu_${kind}:(.*)`).exec(info)?.[1]),
  );
  return (user! + system!) * 1e6;
}

describe(`with ${RUNNING} tasks running`, () => {
  it('dispatchers on the same lanes hold every task once, and settle all of them', async () => {
    await harness.add(RUNNING + 2 * PER_TURN * DISPATCHERS);
    const running = new Map<string, FetchedTask[]>(tokens.map((token) => [token, []]));
    const count = () => [...running.values()].reduce((sum, tasks) => sum + tasks.length, 0);
    const few = await perTask(running);
    while (count() < RUNNING) {
      const replies = await Promise.all(tokens.map((token) => turn(token, PER_TURN)));
      for (const [at, { fetched }] of replies.entries()) running.get(tokens[at]!)!.push(...fetched);
    }
    const all = [...running.values()].flat().map(({ task }) => task.id);
    expect(new Set(all).size).toBe(all.length);
    const many = await perTask(running);
    const lost: string[] = [];
    for (const [token, tasks] of running) {
      while (tasks.length > 0) {
        const reply = await turn(token, PER_TURN, tasks.splice(0, PER_TURN).map(completed));
        lost.push(...reply.lost);
        tasks.push(...reply.fetched);
      }
    }
    expect(lost).toEqual([]);
    expect(await harness.redis.llen('{tr}:default:active')).toBe(0);
    expect(await harness.redis.hgetall('{tr}:running')).toEqual({});
    process.stdout.write(
      `many-running: CPU of Redis per task settled and fetched: ${few} µs with ${PER_TURN} running, ${many} µs with ${all.length}\n`,
    );
  });

  /** Each dispatcher settles a turn's worth of its tasks, old ones and new ones, and fetches as many. */
  async function perTask(running: Map<string, FetchedTask[]>): Promise<number> {
    for (const token of tokens) {
      const tasks = running.get(token)!;
      if (tasks.length === 0) tasks.push(...(await turn(token, PER_TURN)).fetched);
    }
    const before = await cpu();
    let settled = 0;
    for (const token of tokens) {
      const tasks = running.get(token)!;
      const every = tasks.length / PER_TURN;
      const batch = Array.from(
        { length: PER_TURN },
        (_, n) => tasks.splice(Math.floor(n * (every - 1)), 1)[0]!,
      );
      settled += batch.length;
      tasks.push(...(await turn(token, PER_TURN, batch.map(completed))).fetched);
    }
    return Math.round((await cpu()) - before) / settled;
  }

  it('their locks are renewed for as long as they run, and a lock that somebody else has is told', async () => {
    const members = Array.from({ length: RUNNING }, (_, n) => `default:task-${n}`);
    const locks = harness.redis.pipeline();
    for (const member of members) locks.set(`{tr}:${member}:lock`, 'mine', 'PX', LOCK_MS);
    await locks.exec();
    await harness.redis.set(`{tr}:${members[700]}:lock`, 'theirs', 'PX', 60_000);
    const lost: string[] = [];
    const keeper = new LockKeeper(harness.redis, { token: 'mine', lockMs: LOCK_MS }, () => members);
    const before = await cpu();
    keeper.start((ids) => lost.push(...ids));
    // Twice as long as they last by themselves.
    await sleep(2 * LOCK_MS);
    const spent = (await cpu()) - before;
    keeper.stop();
    expect(new Set(lost)).toEqual(new Set([members[700]]));
    expect(await harness.redis.exists(...members.map((member) => `{tr}:${member}:lock`))).toBe(RUNNING);
    // Nothing renews them any more.
    await until(async () => (await harness.redis.exists(`{tr}:${members[0]}:lock`)) === 0);
    const rounds = 2 * 3;
    process.stdout.write(
      `many-running: CPU of Redis per lock renewed: ${(spent / rounds / RUNNING).toFixed(1)} µs\n`,
    );
  });
});
