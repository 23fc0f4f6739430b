import fc from 'fast-check';
import { expect } from 'vitest';
import {
  afterSilence,
  forceClose,
  forceOpen,
  forceReset,
} from '../../../src/circuit-breaker/circuit-rules.js';
import type { Next } from '../../../src/circuit-breaker/circuit-states.js';
import { encodeCircuit } from '../../../src/queue/gates/circuit.js';
import { type HostChange, parseChanges } from '../../../src/queue/gates/host-changes.js';
import { scripts } from '../../../src/queue/scripts.js';
import { happening, type Real } from './happening.js';
import { BREAKER, CIRCUITS, HOSTS, MAX_AGE_MS, type Model } from './model.js';

// What becomes of circuits because somebody says so, or because nobody has asked for a host for a while.

const WHO = '3f0c9f1d7a52';
const WHY = 'planned; see #7';

const order = fc.record({
  host: fc.constantFrom(...HOSTS),
  kind: fc.constantFrom('open', 'close', 'close', 'reset'),
  forMs: fc.constantFrom(1, 100, 60_000, Infinity),
});
export const setCircuit = happening('setCircuit', order, giveOrder);

async function giveOrder(
  model: Model,
  { harness, clock }: Real,
  { host, kind, forMs }: { host: string; kind: string; forMs: number },
): Promise<void> {
  const until = clock.now() + forMs;
  const before = model.circuits.get(host);
  const text = kind === 'open' && until < Infinity ? until : '';
  const args = [
    clock.now(),
    host,
    kind,
    text,
    ...(kind === 'open' ? [WHO, WHY] : ['', '']),
    BREAKER,
    MAX_AGE_MS,
    '',
    0,
    before ? encodeCircuit(before) : '',
  ];
  const [isDone, changes] = (await scripts.setCircuit.run(harness.redis, '{tr}:', args)) as [
    number,
    string[],
  ];
  expect(isDone).toBe(1);
  const at = { now: clock.now(), settings: CIRCUITS };
  const results: Record<string, () => Next> = {
    open: () => forceOpen(before, { until, by: WHO, note: WHY }, at),
    close: () => forceClose(before, at),
    reset: () => forceReset(before),
  };
  if (kind === 'reset') model.forgetHolds(host);
  model.keepCircuit(host, results[kind]!());
  compareChanges(model, parseChanges(changes));
}

export const sweep = happening('sweep', fc.constant(undefined), sweepAll);

/** Looks at every host, whether it is time or not. */
async function sweepAll(model: Model, { harness, clock }: Real): Promise<void> {
  for (const host of model.circuits.keys()) await harness.redis.zadd('{tr}:circuits:look', 'LT', 0, host);
  const loads = new Map<string, { parked: number; probes: number }>();
  for (const host of model.circuits.keys()) {
    const parked = await harness.redis.zcard(`{tr}:park:h:${host}`);
    loads.set(host, { parked, probes: model.slotsOf(`p:${host}`) });
  }
  const [, changes] = (await scripts.sweepCircuits.run(harness.redis, '{tr}:', [
    ...[clock.now(), BREAKER, 100],
  ])) as [number, string[]];
  for (const [host, circuit] of [...model.circuits].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const at = { now: clock.now(), settings: CIRCUITS };
    model.keepCircuit(host, afterSilence(circuit, loads.get(host)!, at));
  }
  compareChanges(model, parseChanges(changes));
}

function compareChanges(model: Model, changes: readonly HostChange[]): void {
  expect(changes.map(({ host, to }) => `${host} ${to}`)).toEqual(model.changes.splice(0));
}

/** What somebody has opened for ever would not end by itself. */
export async function closeForced(model: Model, real: Real): Promise<void> {
  for (const [host, { openedBy }] of [...model.circuits])
    if (openedBy !== '') await giveOrder(model, real, { host, kind: 'close', forMs: 0 });
}

/** Nobody has asked for any host for hours: nothing of them is left. */
export async function forgetAll(model: Model, real: Real): Promise<void> {
  await sweepAll(model, real);
  const { redis } = real.harness;
  const left = await Promise.all(['circuits', 'holds'].map((name) => redis.hgetall(`{tr}:${name}`)));
  expect(left).toEqual([{}, {}]);
  expect(await redis.exists('{tr}:circuits:open', '{tr}:circuits:look')).toBe(0);
}
