import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { encodeCircuit } from '../../../src/queue/gates/circuit.js';
import { type GateReading, room } from '../../../src/queue/gates/decide.js';
import type { GateId } from '../../../src/queue/gates/gate.js';
import { type Lane, LANES } from '../../../src/task/lane.js';
import { gatesOf, hostOf, isClient, memberOf, type Model, type ModelTask } from './model.js';

interface LaneBooks {
  readonly wait: readonly string[];
  readonly active: readonly string[];
  readonly delayed: readonly string[];
  readonly completed: readonly string[];
  readonly failed: readonly string[];
}

/** Everything that the store keeps about places and slots. */
export interface Books {
  readonly lanes: Readonly<Record<Lane, LaneBooks>>;
  readonly held: Readonly<Record<string, string>>;
  readonly running: Readonly<Record<string, string>>;
  readonly window: Readonly<Record<string, string>>;
  readonly tat: Readonly<Record<string, string>>;
  readonly alive: Readonly<Record<string, string>>;
  /** By state and queue. */
  readonly depth: Readonly<Record<string, string>>;
  readonly wakes: Readonly<Record<string, number>>;
  readonly expiry: Readonly<Record<string, number>>;
  /** Members under each gate, and under what hosts have asked clients to wait with, in their order. */
  readonly parked: ReadonlyMap<string, readonly string[]>;
  /** By host. */
  readonly circuits: Readonly<Record<string, string>>;
  readonly openCircuits: readonly string[];
  readonly circuitsToLookAt: Readonly<Record<string, number>>;
  /** Until when, by client and host. */
  readonly holds: Readonly<Record<string, string>>;
  readonly locks: ReadonlyMap<string, string>;
  /** Members of the streams of all tasks, and of those of each client, by the name of their key. */
  readonly made: Readonly<Record<string, readonly string[]>>;
  /** The same of dead letters, and of those that died of the same; and what these groups are. */
  readonly dead: Readonly<Record<string, readonly string[]>>;
  readonly deadGroups: readonly string[];
}

export async function readBooks(redis: Redis): Promise<Books> {
  const [held, running, window, tat, alive, depth, circuits, holds] = await Promise.all(
    ['held', 'running', 'window', 'tat', 'alive', 'depth', 'circuits', 'holds'].map((name) =>
      redis.hgetall(`{tr}:${name}`),
    ),
  );
  const lanes = await Promise.all(LANES.map(async (lane) => [lane, await readLane(redis, lane)] as const));
  const [wakes, expiry] = await Promise.all([readScores(redis, 'wakes'), readScores(redis, 'expiry')]);
  return {
    lanes: Object.fromEntries(lanes) as Record<Lane, LaneBooks>,
    held: held!,
    running: running!,
    window: window!,
    tat: tat!,
    circuits: circuits!,
    holds: holds!,
    openCircuits: await redis.zrange('{tr}:circuits:open', '0', '-1'),
    circuitsToLookAt: await readScores(redis, 'circuits:look'),
    alive: alive!,
    depth: depth!,
    wakes,
    expiry,
    ...(await readParkedAndLocks(redis)),
    made: await readStreams(redis, 'made'),
    dead: await readStreams(redis, 'dead'),
    deadGroups: await redis.hkeys('{tr}:dead:groups'),
  };
}

async function readStreams(redis: Redis, name: string): Promise<Record<string, string[]>> {
  const keys = (await redis.keys(`{tr}:${name}*`)).filter((key) => !/:(?:last|groups)$/.test(key));
  const streams = keys.map(async (key) => {
    const entries = await redis.xrange(key, '-', '+');
    return [key.slice('{tr}:'.length), entries.map(([, [, member]]) => member!)] as const;
  });
  return Object.fromEntries(await Promise.all(streams));
}

async function readLane(redis: Redis, lane: Lane): Promise<LaneBooks> {
  const lists = (['wait', 'active'] as const).map((name) => redis.lrange(`{tr}:${lane}:${name}`, 0, -1));
  const sets = ['delayed', 'completed', 'failed'].map((name) =>
    redis.zrange(`{tr}:${lane}:${name}`, '0', '-1'),
  );
  const [wait, active, delayed, completed, failed] = await Promise.all([...lists, ...sets]);
  return { wait: wait!, active: active!, delayed: delayed!, completed: completed!, failed: failed! };
}

async function readScores(redis: Redis, name: string): Promise<Record<string, number>> {
  const values = await redis.zrange(`{tr}:${name}`, '0', '-1', 'WITHSCORES');
  const scores: Record<string, number> = {};
  for (let at = 0; at < values.length; at += 2) scores[values[at]!] = Number(values[at + 1]);
  return scores;
}

async function readParkedAndLocks(redis: Redis): Promise<Pick<Books, 'parked' | 'locks'>> {
  const keys = await redis.keys('{tr}:*');
  const parks = keys.filter((key) => key.startsWith('{tr}:park:'));
  const parked = parks.map(
    async (key) => [key.slice('{tr}:park:'.length), await redis.zrange(key, '0', '-1')] as const,
  );
  const locks = keys
    .filter((key) => key.endsWith(':lock'))
    .map(async (key) => [key.slice('{tr}:'.length, -':lock'.length), (await redis.get(key)) ?? ''] as const);
  return { parked: new Map(await Promise.all(parked)), locks: new Map(await Promise.all(locks)) };
}

/** Every task is in one place, the right one; slots, windows and locks are what they should be; nothing is stuck. */
export function compareBooks(model: Model, books: Books): void {
  comparePlaces(model, books);
  compareSlots(model, books);
  compareWindows(model, books);
  compareCircuits(model, books);
  compareAlive(model, books);
  compareDepth(model, books);
  compareMade(model, books);
  compareDead(model, books);
  nothingIsStuck(model, books);
  const locks = new Map(model.at('running').map((task) => [memberOf(task.stored), task.holder!]));
  expect(sorted(books.locks)).toEqual(sorted(locks));
  const kept = [...model.at('ended'), ...cleared(model)].map(
    (task) => [memberOf(task.stored), task.keptUntil!] as const,
  );
  expect(sorted(new Map(Object.entries(books.expiry)))).toEqual(sorted(new Map(kept)));
}

/** Dead letters that nobody sees; they are in their places all the same. */
const cleared = (model: Model) => [...model.purged.values()].flat().filter(({ place }) => place === 'ended');

const sorted = <T>(map: ReadonlyMap<string, T>) =>
  [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));

function comparePlaces(model: Model, { lanes, parked }: Books): void {
  const found = LANES.flatMap((lane) =>
    Object.entries(lanes[lane]).flatMap(([place, ids]: [string, readonly string[]]) =>
      ids.map((id) => `${lane}:${id} ${place}`),
    ),
  );
  const waits = (task: ModelTask) => (found.includes(`${memberOf(task.stored)} wait`) ? 'wait' : 'delayed');
  const expected = [...model.tasks.values(), ...cleared(model)].map((task) => {
    const places = { waiting: waits(task), running: 'active', lost: 'active', ended: endedIn(task) };
    return `${memberOf(task.stored)} ${places[task.place]}`;
  });
  expect(found.toSorted()).toEqual(expected.toSorted());
  for (const [gate, members] of parked) {
    for (const member of members) {
      const task = model.tasks.get(member.slice(member.indexOf(':') + 1))!;
      const hold = `k:${task.stored.clientId} ${hostOf(task.stored)}`;
      expect([...gatesOf(task.stored), hold], `${member} is parked`).toContain(gate);
      expect(found).toContain(`${member} delayed`);
    }
  }
}

const endedIn = ({ ending }: ModelTask) => (ending === 'dead_letter' ? 'failed' : 'completed');

function compareSlots(model: Model, { held, running }: Books): void {
  const holding = [...model.tasks.values()].filter(({ holds }) => holds.length > 0);
  expect(held).toEqual(
    Object.fromEntries(holding.map(({ stored, holds }) => [memberOf(stored), holds.join('\n')])),
  );
  const counts: Record<string, string> = {};
  for (const gate of holding.flatMap(({ holds }) => holds))
    counts[gate] = String(Number(counts[gate] ?? 0) + 1);
  expect(running).toEqual(counts);
}

/** What there is against each host; and that it will be looked at again, so that it can be forgotten. */
function compareCircuits(model: Model, { circuits, openCircuits, circuitsToLookAt, holds }: Books): void {
  const expected = [...model.circuits].map(([host, circuit]) => [host, encodeCircuit(circuit)]);
  expect(circuits).toEqual(Object.fromEntries(expected));
  const open = [...model.circuits].filter(([, { state }]) => state !== 'closed').map(([host]) => host);
  expect(openCircuits).toEqual(open.toSorted());
  expect(Object.keys(circuitsToLookAt)).toEqual(expect.arrayContaining(Object.keys(circuits)));
  // One that is over is removed when somebody comes by.
  const mayBeLeft = [...model.holdsUntil].map(([key, until]) => [`k:${key}`, String(until)]);
  expect(Object.fromEntries(mayBeLeft)).toMatchObject(holds);
  for (const [key, until] of model.holdsUntil)
    if (until > model.now()) expect(holds[`k:${key}`]).toBe(String(until));
}

/** Of each client and in each queue, the tasks that have not ended. */
function compareAlive(model: Model, { alive }: Books): void {
  const counts: Record<string, string> = {};
  for (const { stored, place } of model.tasks.values()) {
    if (place === 'ended') continue;
    for (const gate of [`c:${stored.clientId}`, `q:${stored.queue}`])
      counts[gate] = String(Number(counts[gate] ?? 0) + 1);
  }
  expect(alive).toEqual(counts);
}

/** In each queue, the tasks that wait for a time, are held, or are dead letters, as their places say. */
function compareDepth(model: Model, { lanes, parked, depth }: Books): void {
  const held = new Set([...parked.values()].flat());
  const stateOf = (task: ModelTask): string | undefined => {
    const { stored, kept, ending } = task;
    if (ending === 'dead_letter') return ending;
    if (!lanes[stored.lane].delayed.includes(stored.id)) return undefined;
    if (held.has(memberOf(stored))) return 'deferred';
    return kept.made > 0 ? 'retrying' : 'scheduled';
  };
  const counts: Record<string, string> = {};
  for (const task of [...model.tasks.values(), ...cleared(model)]) {
    const [state, field] = [stateOf(task), `${stateOf(task)}/q:${task.stored.queue}`];
    if (state) counts[field] = String(Number(counts[field] ?? 0) + 1);
  }
  expect(depth).toEqual(counts);
}

/** Every task that is stored is where lists look for it, and no other. */
function compareMade(model: Model, { made }: Books): void {
  const expected: Record<string, string[]> = {};
  for (const { stored } of model.stored()) {
    for (const key of ['made', `made:${stored.clientId}`])
      (expected[key] ??= []).push(`${stored.lane.charAt(0)}${stored.id}`);
  }
  const inAnyOrder = Object.entries(made).map(([key, members]) => [key, members.toSorted()]);
  for (const members of Object.values(expected)) members.sort();
  expect(Object.fromEntries(inAnyOrder)).toEqual(expected);
}

/** Every dead letter is listed, in one group, and no other task; there is no group without any. */
function compareDead(model: Model, { dead: { dead = [], ...groups }, deadGroups }: Books): void {
  const letters = model.stored().filter(({ ending }) => ending === 'dead_letter');
  const members = letters.map(({ stored }) => `${stored.lane.charAt(0)}${stored.id}`).toSorted();
  expect(dead.toSorted()).toEqual(members);
  expect(Object.values(groups).flat().toSorted()).toEqual(members);
  expect(Object.keys(groups).toSorted()).toEqual(deadGroups.map((each) => `dead:${each}`).toSorted());
}

/**
 * Clients are counted always. The window of another gate may forget what was let in before it had a limit, but must not
 * count what is not there.
 */
function compareWindows(model: Model, { lanes, window }: Books): void {
  const ofClients: Record<string, string> = {};
  for (const [lane, { wait }] of Object.entries(lanes)) {
    for (const id of wait) {
      const field = `c:${model.tasks.get(id)!.stored.clientId}/${lane}`;
      ofClients[field] = String(Number(ofClients[field] ?? 0) + 1);
    }
  }
  const told = Object.entries(window);
  expect(Object.fromEntries(told.filter(([field]) => field.startsWith('c:')))).toEqual(ofClients);
  for (const [field, count] of told) {
    const [gate, lane] = splitField(field);
    expect(Number(count), `window ${field}`).toBeGreaterThan(0);
    expect(Number(count), `window ${field}`).toBeLessThanOrEqual(waitingFor(model, lanes[lane].wait, gate));
  }
}

function splitField(field: string): [GateId, Lane] {
  const at = field.lastIndexOf('/');
  return [field.slice(0, at) as GateId, field.slice(at + 1) as Lane];
}

function waitingFor(model: Model, ids: readonly string[], gate: GateId): number {
  return ids.filter((id) => gatesOf(model.tasks.get(id)!.stored).includes(gate)).length;
}

/**
 * What is parked waits for something that will come: a slot, a place in the lane, a time, or an open gate. Where the count
 * may be too low (see windows), the end of what goes before it will do, too.
 */
function nothingIsStuck(model: Model, books: Books): void {
  for (const [id, [head]] of books.parked) {
    if (id.startsWith('k:')) holdEnds(model, books, id);
    else somethingComes(model, books, { gate: id as GateId, head: head! });
  }
}

function holdEnds(model: Model, { wakes }: Books, id: string): void {
  expect(wakes[id], `${id} is over some time`).toBeLessThanOrEqual(model.holdsUntil.get(id.slice(2))!);
}

function somethingComes(model: Model, books: Books, { gate, head }: { gate: GateId; head: string }): void {
  const lane = head.slice(0, head.indexOf(':')) as Lane;
  const { refusal } = room(readingOf(model, books, gate, lane), model.now());
  const wake = books.wakes[gate] ?? Infinity;
  const inUse = model.slotsOf(gate) + waitingFor(model, books.lanes[lane].wait, gate);
  const comes = wake < Infinity || mayEndUncounted(gate, inUse);
  if (refusal === undefined) expect(comes, `${gate} has room for ${head}`).toBe(true);
  else if (refusal.at !== undefined)
    expect(wake, `${gate} opens by itself`).toBeLessThanOrEqual(refusal.at + 1);
  else if (refusal.reason === 'at_capacity') expect(inUse, `${gate} is full of nothing`).toBeGreaterThan(0);
  else if (refusal.reason === 'circuit_half_open')
    expect(inUse, `${gate} waits for no probe`).toBeGreaterThan(0);
}

const mayEndUncounted = (gate: GateId, inUse: number) => !isClient(gate) && inUse > 0;

function readingOf(model: Model, books: Books, gate: GateId, lane: Lane): GateReading {
  return {
    limits: model.limits.get(gate),
    running: Number(books.running[gate] ?? 0),
    tat: Number(books.tat[gate] ?? 0),
    window: Number(books.window[`${gate}/${lane}`] ?? 0),
    isClient: isClient(gate),
    ...ofHost(model, books, gate),
  };
}

function ofHost(model: Model, books: Books, gate: GateId): Partial<GateReading> {
  const circuit = model.circuits.get(gate.slice(2));
  return circuit ? { circuit, probes: probesOf(books, gate) } : {};
}

const probesOf = (books: Books, gate: GateId) => Number(books.running[`p${gate.slice(1)}`] ?? 0);
