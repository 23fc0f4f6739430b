import fc from 'fast-check';
import { expect } from 'vitest';
import type { GateId, GateLimits } from '../../../src/queue/gates/gate.js';
import { LANES } from '../../../src/task/lane.js';
import type { Admission } from '../../../src/queue/admission/admission.js';
import type { Task } from '../../../src/task/task.js';
import { replayed } from '../adding.js';
import { happening, nth, shortly } from './happening.js';
import { HELD_CLIENT, HELD_RULES, HOSTS, HOUR, type ModelTask, newTask } from './model.js';

// What callers and admins do, and time.

const host = fc.constantFrom(...HOSTS);
/** Mostly the same one: what is alone in its lane waits for nobody. */
const lane = fc.oneof(
  { weight: 3, arbitrary: fc.constant('default' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...LANES) },
);

const addition = fc.record({
  lane,
  isReport: fc.boolean(),
  clientId: fc.constantFrom('a', 'b'),
  host,
  delayMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: shortly }),
  ttlMs: fc.option(fc.integer({ min: 1, max: 3 * HOUR }), { freq: 4, nil: undefined }),
});
/** What one of the clients sends is held to its rules. */
const admissionOf = ({ clientId }: Task): Admission | undefined =>
  clientId === HELD_CLIENT ? { version: HELD_RULES.version } : undefined;

export const add = happening('add', addition, async (model, { harness, clock }, given) => {
  const { isReport, host: origin, ttlMs, ...fields } = given;
  const task = harness.task({
    ...fields,
    queue: isReport ? 'reports' : fields.lane,
    target: { url: `${origin}/`, method: 'POST', headers: [] },
    ...(ttlMs !== undefined && { expiresAt: clock.now() + ttlMs }),
  });
  const result = await harness.queue.add(task, admissionOf(task));
  expect(result.kind === 'full' ? result.what : result.kind).toBe(model.admits(task));
  if (result.kind === 'added') model.accept(newTask(task));
});

export const addAgain = happening('addAgain', fc.record({ nth, lane }), async (model, { harness }, given) => {
  const task = model.some(given.nth)?.stored;
  if (!task) return;
  const again = { ...task, lane: given.lane, maxRetries: 77 };
  const result = await harness.queue.add(again, admissionOf(task));
  expect(result).toMatchObject(replayed(task));
});

export const cancel = happening('cancel', nth, async (model, { harness }, given) => {
  const task = model.some(given);
  if (!task) return;
  const { place, holder } = task;
  const expected = { waiting: 'cancelled', lost: 'cancelled', running: 'aborting', ended: 'finished' };
  expect(await harness.queue.cancel(task.stored.id)).toBe(expected[place]);
  if (holder !== undefined) model.cancelRunning(task, holder);
  else if (place !== 'ended') model.end(task, 'cancelled');
});

export const runNow = happening('runNow', nth, async (model, { harness, clock }, given) => {
  const task = model.some(given);
  if (!task) return;
  const result = await harness.queue.runNow(task.stored.id);
  const isMoved = task.place === 'waiting' && task.due > clock.now();
  if (isMoved) task.due = clock.now();
  if (isMoved && model.isExpired(task)) {
    expect(result).toMatchObject({ id: task.stored.id, ending: 'expired' });
    model.end(task, 'expired');
  } else expect(result).toBe(task.place === 'ended' ? 'finished' : 'due');
});

export const retry = happening('retry', nth, async (model, { harness, clock }, given) => {
  const task = model.someDead(given);
  if (!task) return;
  const what = model.full(task.stored);
  const result = await harness.queue.retry(task.stored.id);
  if (task.ending !== 'dead_letter') expect(result).toBe('not_dead');
  else if (model.isExpired(task)) expect(result).toBe('too_late');
  else expect(result).toEqual(what === undefined ? 'retried' : { kind: 'full', what });
  if (result !== 'retried') return;
  revived(task, clock.now());
});

const deadChange = fc.record({ nth, host, ttlMs: shortly, isRetried: fc.boolean() });
export const editDead = happening('editDead', deadChange, async (model, { harness, clock }, given) => {
  const task = model.someDead(given.nth);
  if (!task) return;
  const [before, now, full] = [task.stored, clock.now(), model.full(task.stored)];
  const after = {
    ...before,
    target: { ...before.target, url: `${given.host}/mended` },
    expiresAt: now + given.ttlMs,
  };
  const { isRetried } = given;
  const result = await harness.queue.editDeadLetter({ before, after, now, isRetried });
  const expected = (): typeof result => {
    if (task.ending !== 'dead_letter') return 'not_dead';
    if (!isRetried) return 'edited';
    if (after.expiresAt <= now) return 'too_late';
    return full === undefined ? 'retried' : { kind: 'full', what: full };
  };
  expect(result).toEqual(expected());
  if (result === 'edited' || result === 'retried') task.stored = after;
  if (result === 'retried') revived(task, now);
});

function revived(task: ModelTask, now: number): void {
  Object.assign(task, { place: 'waiting', attemptsMade: 0, due: now, isCancelled: false, retriedAt: now });
  delete task.ending;
  delete task.keptUntil;
}

export const deleteDead = happening('deleteDead', nth, async (model, { harness }, given) => {
  const task = model.someDead(given);
  if (!task) return;
  const isDead = task.ending === 'dead_letter';
  expect(await harness.queue.deleteDeadLetter(task.stored.id)).toBe(isDead ? 'deleted' : 'not_dead');
  if (isDead) model.tasks.delete(task.stored.id);
});

const change = fc.record({ nth, delayMs: fc.option(shortly), host, ttlMs: shortly });
export const edit = happening('edit', change, async (model, { harness, clock }, given) => {
  const task = model.some(given.nth);
  if (!task) return;
  const [before, now, isRescheduled] = [task.stored, clock.now(), given.delayMs !== null];
  const after = {
    ...before,
    target: { ...before.target, url: `${given.host}/edited` },
    expiresAt: now + given.ttlMs,
    ...(given.delayMs !== null && { scheduledAt: now + given.delayMs }),
  };
  const result = await harness.queue.edit({ before, after, now, isRescheduled });
  const isFresh = task.place === 'waiting' && !task.hasStarted;
  expect(result).toBe(task.place === 'ended' ? 'finished' : isFresh ? 'edited' : 'started');
  if (!isFresh) return;
  task.stored = after;
  if (isRescheduled) task.due = after.scheduledAt;
});

const limits = fc.oneof(
  fc.constant({}),
  fc.constant({ isShut: true }),
  fc.record({ isShut: fc.constant(true), openAfterMs: fc.integer({ min: 1, max: HOUR }) }),
  fc.record({ maxRunning: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ perSecond: fc.constantFrom(0.001, 1, 10), burst: fc.integer({ min: 1, max: 3 }) }),
);
const gate = fc.constantFrom<GateId>('c:a', 'c:b', 'q:reports', 'q:low', 'h:http://a.example');
export const setGate = happening('setGate', fc.record({ gate, limits }), async (model, real, given) => {
  const { openAfterMs, ...rest } = given.limits as GateLimits & { openAfterMs?: number };
  const shutUntil = openAfterMs && real.clock.now() + openAfterMs;
  const chosen: GateLimits = { ...rest, ...(shutUntil !== undefined && { shutUntil }) };
  await real.harness.gates.set(given.gate, chosen);
  model.limit(given.gate, chosen);
});

const moment = fc.oneof(...[2, 100, 5000, 2 * HOUR].map((max) => fc.integer({ min: 1, max })));
export const advance = happening('advance', moment, (_model, { clock }, ms) => {
  clock.advance(ms);
});
