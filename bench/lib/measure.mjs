import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOfAll, machineTime } from './cpu.mjs';
import { ask } from './ops.mjs';

const WARM_SEC = 90;
const WARM_LOAD = { connections: 64, window: 1000, perSecond: undefined, label: 'warm' };

/**
 * @typedef {object} Figures of one measurement
 * @property {number} rate tasks delivered per second
 * @property {Record<string, number>} cpu microseconds per task, by process and in `sum`
 * @property {number} p50 milliseconds from the enqueue request to the target
 * @property {number} p99
 * @property {number} bytes that Redis grew by, per task
 * @property {number} others share of the machine's processors that was used by something else, 0 to 1
 */

/**
 * Measures a system under a load that is enqueued meanwhile, after a burst that lets its code be compiled: a process
 * that has just started costs several times as much.
 *
 * @param {import('./rig.mjs').Rig} rig with both halves running
 * @param {object} load see `Rig.enqueue`
 * @param {{ warmTasks: number, warmup: number, seconds: number }} lengths
 * @returns {Promise<Figures>}
 */
export async function measureUnder(rig, load, { warmTasks, warmup, seconds }) {
  await warmUp(rig, load, warmTasks);
  await rig.enqueue(load);
  await sleep(warmup * 1000);
  await ask(rig.target, 'forgetLatencies');
  const before = await rig.reading();
  await sleep(seconds * 1000);
  const after = await rig.reading();
  const { p50, p99 } = await ask(rig.target, 'latencies', load.label ?? 'main');
  await rig.stopEnqueuing();
  return { ...perTask(before, after), p50, p99 };
}

/** Long enough for the load to be what it is all the time, and a turn for the steps in which CPU is counted. */
const BEFORE_TURN_MS = 300;
const TURN_MS = 1000;
const WARM_TURNS = 2;

/**
 * @typedef {object} Way of running the product
 * @property {import('./rig.mjs').Rig} rig with both halves running, of its own or the same as another way's
 * @property {() => Promise<void>} [prepare] before each turn
 * @property {(turn: number) => Promise<void>} [meanwhile] once in each turn
 */

/**
 * Measures ways whose difference is small: they take turns of a second, so that what disturbs the machine disturbs all
 * of them, and what happens once in a process' life is over before.
 *
 * @param {readonly Way[]} ways
 * @param {object} load see `Rig.enqueue`
 * @param {{ warmTasks: number, seconds: number }} lengths seconds of each way
 * @returns {Promise<Pick<Figures, 'rate' | 'cpu' | 'bytes' | 'others'>[]>} in the order of the ways
 */
export async function measureInTurns(ways, load, { warmTasks, seconds }) {
  const turns = new Map(ways.map((way) => [way, []]));
  for (const way of ways) {
    await way.prepare?.();
    await warmUp(way.rig, load, warmTasks);
    // What a process does for the first time while it is busy makes it compile a good part of its code anew.
    for (let turn = 0; turn < WARM_TURNS; turn++) await takeTurn(way, load, 0);
  }
  for (let n = 0; n < seconds; n++) {
    for (const way of beginningWith(n % ways.length, ways)) {
      await way.prepare?.();
      turns.get(way).push(await takeTurn(way, load, n));
    }
  }
  return ways.map((way) => perTask(NOTHING, turns.get(way).reduce(plus)));
}

/** So that none always comes after the same one. */
const beginningWith = (at, ways) => [...ways.slice(at), ...ways.slice(0, at)];

/** @returns {Promise<Reading>} what came in this turn */
async function takeTurn({ rig, meanwhile }, load, turn) {
  await rig.enqueue(load);
  await sleep(BEFORE_TURN_MS);
  const before = await rig.reading();
  await Promise.all([sleep(TURN_MS), meanwhile?.(turn)]);
  const after = await rig.reading();
  await rig.stopEnqueuing();
  await rig.untilIdle();
  return combine(after, before, (one, other) => one - other);
}

const NOTHING = { at: 0, delivered: 0, bytes: 0, cpu: {}, own: 0, machine: { busy: 0, total: 0 } };
const plus = (one, other) => combine(one, other, (a, b) => a + b);

/** Readings, number by number. */
function combine(one, other, how) {
  const entries = Object.entries(one).map(([name, value]) => [
    name,
    typeof value === 'object' ? combine(value, other[name], how) : how(value, other[name]),
  ]);
  return Object.fromEntries(entries);
}

async function warmUp(rig, load, total) {
  const delivered = async () => (await rig.counts())[WARM_LOAD.label] ?? 0;
  const wanted = (await delivered()) + total;
  await rig.preload({ ...load, ...WARM_LOAD, total });
  await rig.until(
    async () => (await delivered()) >= wanted,
    WARM_SEC,
    `delivery of ${total} tasks to warm up`,
  );
}

/**
 * @typedef {object} Reading
 * @property {number} at on `performance.now()`
 * @property {number} delivered
 * @property {number} bytes in Redis
 * @property {Record<string, number>} cpu by process
 * @property {number} own CPU of all processes of the benchmark
 * @property {{ busy: number, total: number }} machine
 */

/**
 * @param {{ delivered: Promise<number>, bytes: Promise<number> }} counts
 * @param {Record<string, number>} pids of the processes that are measured
 * @param {readonly number[]} helpers pids of those that only help
 * @returns {Promise<Reading>}
 */
export async function readAll(counts, pids, helpers) {
  const [delivered, bytes] = await Promise.all([counts.delivered, counts.bytes]);
  const cpu = cpuOfAll(pids);
  const own = sum(cpu) + sum(cpuOfAll({ ...helpers, self: process.pid }));
  return { at: performance.now(), delivered, bytes, cpu, own, machine: machineTime() };
}

/**
 * @param {Reading} before
 * @param {Reading} after
 * @returns {Pick<Figures, 'rate' | 'cpu' | 'bytes' | 'others'>}
 */
export function perTask(before, after) {
  const tasks = after.delivered - before.delivered;
  const cpu = {};
  for (const [name, us] of Object.entries(after.cpu)) cpu[name] = (us - (before.cpu[name] ?? 0)) / tasks;
  const busy = after.machine.busy - before.machine.busy - (after.own - before.own);
  return {
    rate: (tasks * 1000) / (after.at - before.at),
    cpu: { ...cpu, sum: sum(cpu) },
    bytes: (after.bytes - before.bytes) / tasks,
    others: Math.max(0, busy) / (after.machine.total - before.machine.total),
  };
}

function sum(values) {
  return Object.values(values).reduce((total, value) => total + value, 0);
}
