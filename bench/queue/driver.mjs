// Puts a queue under load inside one process, without HTTP on either side.
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../lib/ops.mjs';
import { quantile } from '../lib/stats.mjs';

const LOADER = 'benchmark';
const PUNCTUAL = 'punctual';
const ADDERS = 64;
const WINDOW = 1000;
const PRELOAD_AT_ONCE = 256;

/**
 * @typedef {object} QueueUnderTest
 * @property {(task: object) => Promise<unknown>} add
 * @property {() => unknown} start begins to take tasks and to call `onHandled` for each
 */

/**
 * @param {(onHandled: (task: { clientId: string, scheduledAt: number }) => void) => Promise<QueueUnderTest>} open
 */
export async function drive(open) {
  const state = { added: 0, handled: 0, handledOfLoad: 0, running: false };
  const late = [];
  const queue = await open((task) => {
    state.handled++;
    if (task.clientId === PUNCTUAL) late.push(Date.now() - task.scheduledAt);
    if (task.clientId === LOADER) state.handledOfLoad++;
  });
  serve({
    start: () => queue.start(),
    preload: (wanted) => preload(queue, { clientId: 'backlog', ...wanted }),
    measureLateness: (wanted) => preload(queue, { clientId: PUNCTUAL, ...wanted }),
    lateness: () => latenessOf(late),
    load: ({ bodyBytes }) => {
      state.running = true;
      for (let n = 0; n < ADDERS; n++) void keepAdding(queue, state, bodyBytes);
    },
    stop: () => {
      state.running = false;
    },
    handled: () => state.handled,
  });
}

async function keepAdding(queue, state, bodyBytes) {
  while (state.running) {
    if (state.added - state.handledOfLoad >= WINDOW) {
      await sleep(1);
      continue;
    }
    state.added++;
    await queue.add(taskOf({ clientId: LOADER, lane: 'critical', bodyBytes, delayMs: 0 }));
  }
}

/** @returns {Promise<number>} how many there was time for */
async function preload(queue, { count, seconds, delayMs, spreadMs = 0, ...makings }) {
  const deadline = performance.now() + seconds * 1000;
  let added = 0;
  while (added < count && performance.now() < deadline) {
    const size = Math.min(PRELOAD_AT_ONCE, count - added);
    await Promise.all(
      Array.from({ length: size }, () =>
        queue.add(taskOf({ ...makings, delayMs: delayMs + Math.random() * spreadMs })),
      ),
    );
    added += size;
    await nextTurn();
  }
  return added;
}

function latenessOf(late) {
  const sorted = Float64Array.from(late).sort();
  const [p50, p99, most] = [0.5, 0.99, 1].map((q) => quantile(sorted, q));
  return { started: late.length, p50, p99, most };
}

/** A task as the product's queue takes it. */
function taskOf({ clientId, lane, bodyBytes, delayMs }) {
  const now = Date.now();
  const headers = [['content-type', 'text/plain']];
  const body = { encoding: 'utf8', content: 'x'.repeat(bodyBytes) };
  return {
    id: randomUUID(),
    clientId,
    queue: lane,
    lane,
    target: { url: 'http://127.0.0.1/benchmark', method: 'POST', headers, body },
    createdAt: now,
    scheduledAt: Math.round(now + delayMs),
    maxRetries: 5,
    retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 300_000, jitter: 0.1 },
    timeoutMs: 1_800_000,
    metadata: {},
  };
}
