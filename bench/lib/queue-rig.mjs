// One queue in one process on a Redis of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup, end, launchServing } from './children.mjs';
import { perTask, readAll } from './measure.mjs';
import { ask } from './ops.mjs';
import { freshRedis } from './redis.mjs';

const FILES = {
  product: new URL('../queue/product.mjs', import.meta.url),
  stock: new URL('../queue/stock.mjs', import.meta.url),
};

/**
 * @typedef {object} QueueRig
 * @property {(op: string, argument?: unknown) => Promise<any>} ask
 * @property {import('./redis.mjs').FreshRedis} redis
 * @property {(times: { warmup: number, seconds: number }, bodyBytes: number) => ReturnType<typeof measureLoad>} measure
 */

/**
 * @template T
 * @param {keyof typeof FILES} name
 * @param {{ concurrency: number, durable: boolean }} settings
 * @param {(rig: QueueRig) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withQueue(name, { concurrency, durable }, use) {
  const cleanup = new Cleanup();
  try {
    const redis = cleanup.add(await freshRedis(durable), (opened) => opened.stop());
    const env = { NODE_ENV: 'production', REDIS_URL: redis.url, WORKER_CONCURRENCY: String(concurrency) };
    const child = cleanup.add(await launchServing(FILES[name], { env }), end);
    const measure = (times, bodyBytes) => measureLoad({ child, redis }, times, bodyBytes);
    return await use({ redis, measure, ask: (op, argument) => ask(child, op, argument) });
  } finally {
    await cleanup.run();
  }
}

async function measureLoad({ child, redis }, { warmup, seconds }, bodyBytes) {
  const pids = { node: child.pid, redis: redis.pid };
  const reading = () => readAll({ delivered: ask(child, 'handled'), bytes: redis.usedBytes() }, pids, []);
  await ask(child, 'start');
  await ask(child, 'load', { bodyBytes });
  await sleep(warmup * 1000);
  const before = await reading();
  await sleep(seconds * 1000);
  const after = await reading();
  await ask(child, 'stop');
  return perTask(before, after);
}
