import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ops.mjs';

const FIRST_TASK_SEC = 30;

/**
 * @typedef {object} Figures of one measurement
 * @property {number} rate tasks delivered per second
 * @property {Record<string, number>} cpu microseconds per task, by process and in `sum`
 * @property {number} p50 milliseconds from the enqueue request to the target
 * @property {number} p99
 * @property {number} bytes that Redis grew by, per task
 */

/**
 * Measures a system under a load that is enqueued meanwhile.
 *
 * @param {import('./rig.mjs').Rig} rig with both halves running
 * @param {object} load see `Rig.enqueue`
 * @param {{ warmup: number, seconds: number }} times
 * @returns {Promise<Figures>}
 */
export async function measureUnder(rig, load, { warmup, seconds }) {
  await rig.enqueue(load);
  await rig.until(async () => (await rig.delivered()) > 0, FIRST_TASK_SEC, 'task was delivered');
  await sleep(warmup * 1000);
  await ask(rig.target, 'forgetLatencies');
  const before = await rig.reading();
  await sleep(seconds * 1000);
  const after = await rig.reading();
  const { p50, p99 } = await ask(rig.target, 'latencies', load.label ?? 'main');
  await rig.stopEnqueuing();
  return { ...perTask(before, after), p50, p99 };
}

/**
 * @param {Awaited<ReturnType<import('./rig.mjs').Rig['reading']>>} before
 * @param {typeof before} after
 * @returns {Pick<Figures, 'rate' | 'cpu' | 'bytes'>}
 */
export function perTask(before, after) {
  const tasks = after.delivered - before.delivered;
  const cpu = {};
  for (const [name, us] of Object.entries(after.cpu)) cpu[name] = (us - before.cpu[name]) / tasks;
  cpu.sum = Object.values(cpu).reduce((sum, us) => sum + us, 0);
  return {
    rate: (tasks * 1000) / (after.at - before.at),
    cpu,
    bytes: (after.bytes - before.bytes) / tasks,
  };
}
