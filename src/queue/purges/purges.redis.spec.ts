import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { until } from '../../../test/support/until.js';
import type { Task } from '../../task/task.js';
import { QueueGauge } from '../queues/queue-gauge.js';
import { DeadLetterGroups } from '../dead-letters/dead-letter-groups.js';
import { LuaScript } from '../../redis/lua-script.js';
import { INCLUDES } from '../scripts.js';
import { hiddenDead } from './hidden-dead.js';

const WANT = new URL('../../operations/lua/want-of-operation.lua', import.meta.url);
const wantOfOperation = new LuaScript(WANT, { elsewhere: INCLUDES });
const HOUR = 3_600_000;
const REPORTS = { queue: 'reports' };

let harness: QueueHarness;
const clock = new ManualClock();
beforeEach(async () => {
  harness = await QueueHarness.start({}, clock);
});
afterEach(() => harness.stop());

const fields = (queue: string, more: object = {}) => ({ queue, lane: 'default', ...more }) as const;
const ids = (tasks: readonly Task[]) => tasks.map(({ id }) => id);
const listed = async (filter: object = {}) =>
  (await harness.reader.list({ filter, limit: 1000 })).tasks.map(({ task, state }) => `${task.id} ${state}`);
const wait = () => harness.redis.lrange('{tr}:default:wait', 0, -1);
const alive = async () =>
  Promise.all(['alive', 'depth'].map((name) => harness.redis.hgetall(`{tr}:${name}`)));

/** A bit of everything that a queue may have in it: waiting, held by a gate, scheduled, retrying. */
async function fill(queue: string): Promise<Task[]> {
  await harness.gates.set(`c:${queue}-capped`, { maxRunning: 1 });
  const failing = await harness.add(2, fields(queue, { clientId: 'failing' }));
  const pool = harness.worker(2, () => Promise.resolve({ kind: 'retry', delayMs: HOUR }));
  const isRetrying = async ({ id }: Task) => (await harness.reader.find(id))?.state === 'retrying';
  await until(async () => (await Promise.all(failing.map(isRetrying))).every(Boolean));
  await pool.drain(0);
  return [
    ...failing,
    ...(await harness.add(3, fields(queue))),
    ...(await harness.add(3, fields(queue, { clientId: `${queue}-capped` }))),
    ...(await harness.add(2, fields(queue, { delayMs: HOUR }))),
  ];
}

/** Everything that is kept of tasks, but for what says that a purge has passed by. */
async function stored(tasks: readonly Task[]): Promise<object[]> {
  const hashes = tasks.map(({ id }) => harness.redis.hgetall(`{tr}:default:${id}`));
  return (await Promise.all(hashes)).map((hash) => Object.assign(hash, { spared: undefined }));
}

async function takeAll(operation: string, most = Infinity): Promise<string> {
  let onward = '';
  for (let calls = 0; calls < most; calls++) {
    [onward] = await harness.purges.takeSome(operation, onward);
    if (onward === '') return '';
  }
  return onward;
}

const ask = (operation: string) =>
  wantOfOperation.run(harness.redis, '{tr}:', [clock.now(), operation, 'undo', '', 0]);

async function undo(operation: string): Promise<void> {
  const record = { state: 'done', undoUntil: clock.now() + 1, holder: '' };
  await harness.redis.hset(`{tr}:operation:${operation}`, record);
  expect(await ask(operation)).toBe('wanted');
  for (let left = 1; left > 0;) [, left] = await harness.purges.bringBackSome(operation);
}

async function sweepAll(operation: string): Promise<void> {
  while (await harness.purges.sweepSome(operation));
}

describe('a queue that is purged', () => {
  it.each([
    ['at once', 0],
    ['halfway', 3],
    ['when all were taken', Infinity],
  ])('comes back as it was when that is undone %s', async (_when, calls) => {
    const [reports, others] = [await fill('reports'), await fill('default')];
    const before = [await stored(reports), await listed(), (await wait()).toSorted(), await alive()];
    const otherLines = (await listed()).filter((line) => others.some(({ id }) => line.startsWith(`${id} `)));
    expect(await harness.purges.begin('op', REPORTS)).toMatchObject({ taken: 10, running: 0 });
    expect(await listed()).toEqual(otherLines);
    await takeAll('op', calls);
    expect(await listed()).toEqual(otherLines);
    for (const { id } of reports) {
      expect(await harness.reader.find(id)).toBeUndefined();
      expect(await harness.queue.cancel(id)).toBe('unknown');
    }
    await undo('op');
    expect([await stored(reports), await listed(), (await wait()).toSorted(), await alive()]).toEqual(before);
    expect(await harness.redis.keys('{tr}:pur*')).toEqual([]);
    expect(await harness.redis.exists('{tr}:leaving')).toBe(0);
  });

  it('is gone for dispatchers at once, however they come across it', async () => {
    const [reports, others] = [await fill('reports'), await harness.add(3, fields('default'))];
    await harness.add(1, fields('reports', { delayMs: HOUR, expiresAt: clock.now() + 1.5 * HOUR }));
    await harness.purges.begin('op', REPORTS);
    const ran: string[] = [];
    harness.worker(3, ({ task }) => {
      ran.push(task.id);
      return Promise.resolve({ kind: 'complete' });
    });
    clock.advance(2 * HOUR);
    await harness.gates.set('c:reports-capped', {});
    await until(() => ran.length === 3);
    await until(async () => (await harness.redis.llen('{tr}:purged:op')) === 11);
    await harness.drained();
    expect(ran.toSorted()).toEqual(ids(others).toSorted());
    expect((await alive())[0]).toEqual({});
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({});
    expect(reports).toHaveLength(10);
  });

  it('leaves what runs alone, whatever comes of it', async () => {
    const [retried, handedBack, done] = (await harness.add(3, fields('reports'))) as [Task, Task, Task];
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const runs = new Map<string, number>();
    const pool = harness.worker(3, async ({ task: { id } }) => {
      const nth = (runs.get(id) ?? 0) + 1;
      runs.set(id, nth);
      await held;
      if (nth === 1 && id === retried.id) return { kind: 'retry', delayMs: 1000 };
      return nth === 1 && id === handedBack.id ? { kind: 'hand_back' } : { kind: 'complete' };
    });
    await until(async () => (await harness.redis.llen('{tr}:default:active')) === 3);
    expect(await harness.purges.begin('op', REPORTS)).toMatchObject({ taken: 0, running: 3 });
    expect((await listed()).every((line) => line.endsWith('running'))).toBe(true);
    release?.();
    const isIn = async ({ id }: Task, state: string) => (await harness.reader.find(id))?.state === state;
    await until(async () => (await isIn(retried, 'retrying')) && isIn(handedBack, 'completed'));
    await takeAll('op');
    clock.advance(2000);
    for (const task of [retried, handedBack, done]) await until(() => isIn(task, 'completed'));
    expect(runs).toEqual(
      new Map([
        [retried.id, 2],
        [handedBack.id, 2],
        [done.id, 1],
      ]),
    );
    await pool.drain(0);
    expect(await harness.redis.exists('{tr}:purged:op')).toBe(0);
  });

  it('takes new tasks as before, and what is brought back is no matter of a later purge', async () => {
    const old = await harness.add(2, fields('reports'));
    await harness.purges.begin('one', REPORTS);
    const fresh = await harness.add(2, fields('reports'));
    await takeAll('one');
    expect(await listed()).toEqual(
      ids(fresh)
        .toReversed()
        .map((id) => `${id} pending`),
    );
    await harness.purges.begin('two', REPORTS);
    await undo('one');
    await takeAll('two');
    expect(await listed()).toEqual(
      ids(old)
        .toReversed()
        .map((id) => `${id} pending`),
    );
    await sweepAll('two');
    expect(
      (await harness.redis.keys('{tr}:*')).filter((key) => ids(fresh).some((id) => key.endsWith(id))),
    ).toEqual([]);
  });

  it('leaves nothing behind when it is final', async () => {
    await fill('reports');
    await harness.purges.begin('op', REPORTS);
    await takeAll('op');
    await sweepAll('op');
    // Gates under which nothing is parked any more are forgotten when the fleet is counted.
    const left = (await harness.redis.keys('{tr}:*')).filter(
      (key) => !/:(marker|last|gates|slots|meta|parked)$|reply|signal|flow|added|done|fleet/.test(key),
    );
    expect(left).toEqual([]);
  });

  it('takes thousands that wait between thousands of others, in pieces', async () => {
    await Promise.all([
      harness.add(900, fields('default', { clientId: 'a' })),
      harness.add(900, fields('reports', { clientId: 'b' })),
    ]);
    const waiting = await wait();
    await harness.purges.begin('op', REPORTS);
    await takeAll('op');
    const others = await harness.reader.list({ filter: { clientId: 'a' }, limit: 1000 });
    const left = new Set(others.tasks.map(({ task }) => task.id));
    expect(await wait()).toEqual(waiting.filter((id) => left.has(id)));
    expect(await harness.redis.llen('{tr}:purged:op')).toBe(900);
    expect(await harness.redis.hgetall('{tr}:window')).toEqual({ 'c:a/default': '900' });
  });
});

describe('several purges at the same time', () => {
  it('each take all there is in their queue, though they move what waits in the lane of both', async () => {
    const two = await harness.add(300, fields('two'));
    const one = await harness.add(300, fields('one'));
    await harness.purges.begin('op-one', { queue: 'one' });
    await harness.purges.begin('op-two', { queue: 'two' });
    const cursors = new Map([
      ['op-two', ''],
      ['op-one', ''],
    ]);
    while (cursors.size > 0)
      for (const [operation, from] of cursors) {
        const [onward, taken] = await harness.purges.takeSome(operation, from);
        if (onward !== '') cursors.set(operation, onward);
        else expect([operation, cursors.delete(operation), taken]).toEqual([operation, true, 300]);
      }
    expect(await wait()).toEqual([]);
    expect(await listed()).toEqual([]);
    expect((await alive())[0]).toEqual({});
    expect(one.length + two.length).toBe(600);
  });

  const count = async (operation: string) => harness.redis.llen(`{tr}:purged:${operation}`);
  async function purgedTwice(): Promise<[old: Task[], fresh: Task[]]> {
    const old = [
      ...(await harness.add(3, fields('reports'))),
      ...(await harness.add(2, fields('reports', { delayMs: HOUR }))),
    ];
    expect(await harness.purges.begin('one', REPORTS)).toMatchObject({ taken: 5 });
    expect(await harness.purges.count(REPORTS)).toMatchObject({ taken: 0 });
    const fresh = await harness.add(2, fields('reports'));
    expect(await harness.purges.count(REPORTS)).toMatchObject({ taken: 2 });
    expect(await harness.purges.begin('two', REPORTS)).toMatchObject({ taken: 2 });
    expect(await harness.purges.count(REPORTS)).toMatchObject({ taken: 0 });
    return [old, fresh];
  }
  const isClean = async () => {
    expect(await harness.redis.exists('{tr}:leaving', '{tr}:purging')).toBe(0);
  };

  it.each([
    ['in their order', ['one', 'two']],
    ['the other way round', ['two', 'one']],
  ])('of one queue have each its own tasks, when they are done %s', async (_how, order) => {
    await purgedTwice();
    for (const operation of order) await takeAll(operation);
    expect([await listed(), (await alive())[0], await count('one'), await count('two')]).toEqual([
      [],
      {},
      5,
      2,
    ]);
    await isClean();
    await sweepAll('two');
    await undo('one');
    expect((await listed()).toSorted()).toHaveLength(5);
  });

  it.each([
    ['first', 'one', 0],
    ['second', 'two', 1],
  ] as const)('of one queue are undone each by itself: the %s', async (_which, undone, at) => {
    const both = await purgedTwice();
    await undo(undone);
    const shown = async () => (await listed()).map((line) => line.split(' ')[0]).toSorted();
    expect(await shown()).toEqual(ids(both[at]).toSorted());
    await takeAll(undone === 'one' ? 'two' : 'one');
    expect(await shown()).toEqual(ids(both[at]).toSorted());
    expect((await alive())[0]).toMatchObject({ 'q:reports': String(both[at].length) });
    await isClean();
  });
});

describe('a purge', () => {
  it('is over as soon as none of its tasks is left, however many others there are', async () => {
    await harness.add(1000, fields('default'));
    await harness.add(3, fields('reports', { delayMs: HOUR }));
    await harness.add(500, fields('default', { delayMs: HOUR }));
    await harness.purges.begin('op', REPORTS);
    let [calls, onward] = [0, ''];
    do {
      [onward] = await harness.purges.takeSome('op', onward);
      calls++;
    } while (onward !== '');
    expect(await harness.redis.llen('{tr}:purged:op')).toBe(3);
    await harness.purges.begin('none', REPORTS);
    expect(await harness.purges.takeSome('none', '')).toEqual(['', 0]);
    expect(calls).toBeLessThan(17);
  });

  it('is not ended halfway, as what it hides would be hidden for ever', async () => {
    const spec = JSON.stringify({ action: 'purge', filter: REPORTS });
    await harness.redis.hset('{tr}:operation:op', { spec, state: 'running', holder: '' });
    const args = [clock.now(), 'op', 'cancel', '', 0];
    expect(await wantOfOperation.run(harness.redis, '{tr}:', args)).toBe('no_cancel');
  });

  it('that was sent again when it was over hides nothing', async () => {
    await harness.add(1, fields('reports'));
    await harness.redis.hset('{tr}:operation:op', { state: 'running' });
    await harness.purges.begin('op', REPORTS);
    await takeAll('op');
    await harness.redis.hset('{tr}:operation:op', { state: 'done' });
    await sweepAll('op');
    const [task] = (await harness.add(1, fields('reports'))) as [Task];
    expect(await harness.purges.begin('op', REPORTS)).toMatchObject({ taken: 0, running: 0 });
    expect(await listed()).toEqual([`${task.id} pending`]);
  });

  it('is undone as a whole, or not at all', async () => {
    await harness.add(200, fields('reports'));
    expect(await harness.purges.begin('op', REPORTS)).toMatchObject({ at: clock.now() });
    await takeAll('op');
    const record = { state: 'done', undoUntil: clock.now() + 1, holder: '' };
    await harness.redis.hset('{tr}:operation:op', record);
    expect(await harness.purges.sweepSome('op')).toBe(true);
    expect(await ask('op')).toBe('final');
    await sweepAll('op');
    expect(await ask('op')).toBe('final');
  });

  it('gives what it brings back its turn again, oldest first', async () => {
    await harness.add(5, fields('reports'));
    const before = await wait();
    await harness.purges.begin('op', REPORTS);
    await takeAll('op');
    await undo('op');
    expect(await wait()).toEqual(before);
  });

  it('makes room at once, for its queue and for all', async () => {
    await harness.stop();
    harness = await QueueHarness.start({ MAX_QUEUE_SIZE: '10' }, clock);
    await harness.redis.hset('{tr}:admission', 'q:reports', '9');
    await harness.add(8, fields('reports', { delayMs: HOUR }));
    await harness.add(1, fields('reports'));
    const more = (queue: string) => harness.queue.add(harness.task(fields(queue)));
    expect(await more('reports')).toEqual({ kind: 'full', what: 'queue' });
    await harness.add(1, fields('default'));
    expect(await more('default')).toEqual({ kind: 'full', what: 'tasks' });
    await harness.purges.begin('op', REPORTS);
    const gauge = new QueueGauge({ producer: harness.redis } as never, clock);
    const depth = async () => (await gauge.measure(['reports'])).of('reports').depth;
    const none = { scheduled: 0, retrying: 0, deferred: 0, running: 0, pending: 0 };
    expect(await depth()).toMatchObject(none);
    for (let n = 0; n < 9; n++) expect(await more('reports')).toMatchObject({ kind: 'added' });
    expect(await more('reports')).toMatchObject({ kind: 'full' });
    await takeAll('op');
    expect(await depth()).toMatchObject({ ...none, pending: 9 });
    expect(await more('reports')).toMatchObject({ kind: 'full' });
  });
});

describe('dead letters that are cleared', () => {
  const groups = () => new DeadLetterGroups({ producer: harness.redis } as never).all();
  const dead = async () => listed({ dead: {} });
  async function die(count: number, reason: 'permanent_failure'): Promise<Task[]> {
    const tasks = await harness.add(count, fields('default'));
    const pool = harness.worker(2, () => Promise.resolve({ kind: 'dead_letter', reason }));
    for (const { id } of tasks)
      await until(async () => (await harness.reader.find(id))?.state === 'dead_letter');
    await pool.drain(0);
    clock.advance(5);
    return tasks;
  }
  const hidden = async () => (await hiddenDead(harness.redis)).get('default');
  const look = async () => [await groups(), await dead(), await listed()];

  it('are hidden in lists, groups and counts, and there again as they were', async () => {
    const old = await die(3, 'permanent_failure');
    const before = await look();
    await harness.purges.begin('op', 'dead letters');
    expect(await look()).toEqual([[], [], []]);
    expect(await hidden()).toBe(3);
    expect(await harness.queue.retry(old[0]!.id)).toBe('unknown');
    await undo('op');
    expect(await look()).toEqual(before);
    expect(await hidden()).toBe(0);
    expect(await harness.queue.retry(old[0]!.id)).toBe('retried');
    expect(await harness.redis.keys('{tr}:purge:*')).toEqual([]);
  });

  it('that came back are cleared again, whatever was cleared in between', async () => {
    const one = await die(2, 'permanent_failure');
    await harness.purges.begin('one', 'dead letters');
    expect(await harness.purges.begin('none', 'dead letters')).toMatchObject({ taken: 0 });
    const two = await die(2, 'permanent_failure');
    await harness.purges.begin('two', 'dead letters');
    await undo('one');
    const three = await die(1, 'permanent_failure');
    expect(await dead()).toHaveLength(3);
    expect(await harness.purges.begin('three', 'dead letters')).toMatchObject({ taken: 3 });
    expect([await dead(), await groups(), await hidden()]).toEqual([[], [], 5]);
    await undo('two');
    const shown = async () => (await dead()).map((line) => line.split(' ')[0]).toSorted();
    expect(await shown()).toEqual(ids(two).toSorted());
    await sweepAll('three');
    expect([await shown(), await hidden()]).toEqual([ids(two).toSorted(), 0]);
    for (const { id } of [...one, ...three]) expect(await harness.redis.exists(`{tr}:default:${id}`)).toBe(0);
  });

  it('are hidden each by its own clearing', async () => {
    const one = await die(2, 'permanent_failure');
    await harness.purges.begin('one', 'dead letters');
    const two = await die(2, 'permanent_failure');
    expect((await groups()).map(({ count }) => count)).toEqual([2]);
    await harness.purges.begin('two', 'dead letters');
    const three = await die(1, 'permanent_failure');
    const lines = (tasks: readonly Task[]) =>
      ids(tasks)
        .toReversed()
        .map((id) => `${id} dead_letter`);
    expect((await dead()).toSorted()).toEqual(lines(three));
    await undo('one');
    expect((await dead()).toSorted()).toEqual([...lines(three), ...lines(one)].toSorted());
    expect((await groups()).map(({ count }) => count)).toEqual([3]);
    await sweepAll('two');
    expect((await dead()).toSorted()).toEqual([...lines(three), ...lines(one)].toSorted());
    for (const { id } of two) expect(await harness.redis.exists(`{tr}:default:${id}`)).toBe(0);
    expect(await harness.redis.zcard('{tr}:default:failed')).toBe(3);
    expect(await harness.redis.keys('{tr}:cleared:*')).toEqual([]);
  });
});
