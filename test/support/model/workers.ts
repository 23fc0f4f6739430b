import fc from 'fast-check';
import { expect } from 'vitest';
import type { GateId } from '../../../src/queue/gates/gate.js';
import { Housekeeping } from '../../../src/queue/worker/housekeeping.js';
import { keepOneMore } from '../../../src/queue/worker/kept-attempts.js';
import type { SettledTask } from '../../../src/queue/worker/settled-task.js';
import { step, type StepReply, type StepRequest } from '../../../src/queue/worker/step.js';
import { readBooks } from './books.js';
import { compareAll, happening, nth, type Real, shortly } from './happening.js';
import { closeForced, forgetAll } from './operators.js';
import { verdictArbitrary } from '../circuit-story.js';
import {
  BREAKER,
  COMPLETED_FOR_MS,
  DEAD_FOR_MS,
  gatesOf,
  HOUR,
  MAX_AGE_MS,
  type Model,
  type ModelTask,
  type Ending as ModelTaskEnding,
} from './model.js';

// What workers do, and what becomes of them.

/** `own_fault`: a retry after which no attempt counts. */
const KINDS = [
  'completed',
  'retry',
  'own_fault',
  'dead_letter',
  'hand_back',
  'ask_again',
  'cancelled',
  'expired',
] as const;
const ending = fc.record({ kind: fc.constantFrom(...KINDS), delayMs: shortly, verdict: verdictArbitrary });
type Ending = typeof ending extends fc.Arbitrary<infer T> ? T : never;

interface Turn {
  /** Which of the dispatchers. */
  readonly who: number;
  readonly capacity: number;
  /** What the tasks that it has had for longest come to. */
  readonly endings: readonly Ending[];
  /** Its reply was lost, and it asks again. */
  readonly isRepeated: boolean;
}

const who = fc.nat({ max: 1 });
const capacity = fc.integer({ min: 0, max: 4 });
const endings = fc.array(ending, { maxLength: 4 });
const anyTurn = fc.record({ who, capacity, endings, isRepeated: fc.boolean() });
export const turn = happening('turn', anyTurn, takeTurn);

async function takeTurn(model: Model, real: Real, given: Turn): Promise<void> {
  const token = real.dispatchers[given.who]!;
  const ended = model.runningAt(token).slice(0, given.endings.length);
  const verdicts = ended.map((task, at) => [{ ...task }, given.endings[at]!.verdict] as const);
  const settled = ended.map((task, at) => settle(model, task, given.endings[at]!));
  for (const [task, verdict] of verdicts) model.judge(task, verdict);
  const request = requestOf(real, given.capacity, settled);
  const reply = await send(real, token, request);
  expect(reply.lost).toEqual([]);
  expect(reply.cancelled.toSorted()).toEqual([...(model.untold.get(token) ?? [])].toSorted());
  model.untold.delete(token);
  started(model, reply, token);
  expect(reply.fetched.length).toBeLessThanOrEqual(given.capacity);
  expect(reply.circuitChanges.map(({ host, to }) => `${host} ${to}`)).toEqual(model.changes.splice(0));
  if (given.isRepeated)
    expect(await send(real, token, request)).toMatchObject({
      ...{ fetched: reply.fetched, lost: [], circuitChanges: reply.circuitChanges },
    });
}

export const crash = happening('crash', who, async (model, { harness, dispatchers }, given) => {
  const token = dispatchers[given]!;
  for (const task of model.runningAt(token)) {
    // As when it runs out.
    await harness.redis.del(`{tr}:${task.stored.lane}:${task.stored.id}:lock`);
    task.place = 'lost';
    delete task.holder;
  }
  dispatchers[given] = `${token}'`;
});

/** A dispatcher that was taken for dead tells what a task came to. */
export const lateSettle = happening('lateSettle', fc.record({ nth, ending }), async (model, real, given) => {
  const task = model.some(given.nth);
  if (!task) return;
  const request = requestOf(real, 0, [settlementOf(task, given.ending, real.clock.now())]);
  expect((await send(real, 'taken-for-dead', request)).lost).toEqual([task.stored.id]);
});

export const recover = happening('recover', fc.constant(undefined), recoverLost);

async function recoverLost(model: Model, { harness, clock }: Real): Promise<void> {
  // Another dispatcher has not looked for a while.
  await harness.redis.del('{tr}:recovery');
  const recovered = await new Housekeeping(harness.redis, 30_000, clock).recover();
  const lost = model.at('lost');
  expect(recovered.toSorted()).toEqual(lost.map(({ stored }) => stored.id).toSorted());
  for (const task of lost) task.place = 'waiting';
}

/** `waits`: until the time of one that has ended is up, as nothing else takes so long. */
const waits = fc.boolean();
export const prune = happening('prune', waits, async (model, { harness, clock }, isLater) => {
  const first = Math.min(...model.at('ended').map(({ keptUntil }) => keptUntil!));
  if (isLater && first < Infinity) clock.advance(Math.max(0, first - clock.now()));
  await new Housekeeping(harness.redis, 30_000, clock).prune();
  for (const task of model.at('ended')) {
    if (task.keptUntil! <= clock.now()) model.tasks.delete(task.stored.id);
  }
  const isKept = ({ keptUntil = Infinity }: ModelTask) => keptUntil > clock.now();
  for (const [operation, tasks] of model.purged) model.purged.set(operation, tasks.filter(isKept));
});

/** Opens every gate and runs everything to its end: nothing may be left over. */
export async function runToTheEnd(model: Model, real: Real): Promise<void> {
  for (const gate of [...model.limits.keys()]) {
    await real.harness.gates.set(gate, {});
    model.limit(gate, {});
  }
  await recoverLost(model, real);
  await closeForced(model, real);
  const all = Array.from(
    { length: 50 },
    () => ({ kind: 'completed', delayMs: 0, verdict: { kind: 'success' } }) as const,
  );
  for (let n = 0; model.at('ended').length < model.tasks.size; n++) {
    expect(n, 'turns, and there are tasks that do not end').toBeLessThan(50);
    await takeTurn(model, real, { who: n % 2, capacity: 10, endings: all, isRepeated: false });
    await compareAll(model, real);
    real.clock.advance(HOUR);
  }
  const { held, running, window, alive, parked, lanes } = await readBooks(real.harness.redis);
  const slots = { held, running, window, alive, parked: [...parked] };
  expect(slots).toEqual({ held: {}, running: {}, window: {}, alive: {}, parked: [] });
  const left = Object.values(lanes).flatMap(({ wait, active, delayed }) => [...wait, ...active, ...delayed]);
  expect(left).toEqual([]);
  // What hosts asked clients to wait with is over, and nobody has asked for them for a while since.
  real.clock.advance(2 * HOUR);
  await takeTurn(model, real, { who: 0, capacity: 0, endings: [], isRepeated: false });
  await forgetAll(model, real);
}

function requestOf(real: Real, free: number, settled: readonly SettledTask[]): StepRequest {
  const id = `request-${++real.requests}`;
  return { id, capacity: free, settled, laneTimes: [0, 0, 0, 0], laneCharges: [1, 1, 1, 1] };
}

function send({ harness, clock }: Real, token: string, request: StepRequest): Promise<StepReply> {
  const settings = {
    token,
    lockMs: 600_000,
    mode: 'weighted',
    maxAgeMs: MAX_AGE_MS,
    completedForMs: COMPLETED_FOR_MS,
    deadForMs: DEAD_FOR_MS,
    breaker: BREAKER,
  } as const;
  return step(harness.redis, settings, request, clock.now());
}

/** What a dispatcher tells the store when an attempt has come to this. */
function settlementOf(task: ModelTask, { kind, delayMs, verdict }: Ending, now: number): SettledTask {
  const { stored, kept } = task;
  const counts = kind !== 'own_fault' && kind !== 'hand_back' && kind !== 'ask_again';
  return {
    lane: stored.lane,
    id: stored.id,
    kind: kind === 'own_fault' ? 'retry' : kind,
    attemptsMade: task.attemptsMade + Number(counts),
    dataBytes: Buffer.byteLength(JSON.stringify(stored)),
    kept,
    attempt: {
      number: kept.made + 1,
      startedAt: task.begunAt ?? now,
      endedAt: now,
      class: 'rejected',
      timings: { totalMs: 0 },
    },
    delayMs,
    gates: gatesOf(stored).join('\n'),
    probeOf: task.probeOf,
    verdict,
  };
}

const isEnding = (kind: SettledTask['kind']): kind is ModelTaskEnding =>
  kind !== 'retry' && kind !== 'hand_back' && kind !== 'ask_again';

function settle(model: Model, task: ModelTask, given: Ending): SettledTask {
  const settled = settlementOf(task, given, model.now());
  task.attemptsMade = settled.attemptsMade;
  task.kept = keepOneMore(task.kept, Buffer.byteLength(JSON.stringify(settled.attempt))).kept;
  if (isEnding(settled.kind)) model.end(task, settled.kind);
  else if (task.isCancelled) model.end(task, 'cancelled');
  else model.giveBack(task, settled.kind === 'retry' ? model.now() + given.delayMs : task.due);
  return settled;
}

/** The dispatcher has got these: each as the model has it, and no gate is over its cap. */
function started(model: Model, { fetched }: StepReply, token: string): void {
  for (const { task: stored, ...told } of fetched) {
    const task = model.tasks.get(stored.id)!;
    const { attemptsMade, kept, due: dueAt, retriedAt } = task;
    const dataBytes = Buffer.byteLength(JSON.stringify(task.stored));
    const again = retriedAt === undefined ? {} : { retriedAt };
    const { probeOf, ...rest } = told;
    const gates = gatesOf(stored).join('\n');
    expect(rest).toEqual({ lane: stored.lane, dataBytes, attemptsMade, kept, dueAt, ...again, gates });
    expect(stored).toEqual(task.stored);
    model.start(task, token);
    expect(probeOf).toBe(task.probeOf);
    for (const gate of task.holds) {
      const { maxRunning = Infinity } = model.limits.get(gate as GateId) ?? {};
      expect(model.runningOf(gate), gate).toBeLessThanOrEqual(maxRunning);
    }
  }
}
