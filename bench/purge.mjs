#!/usr/bin/env node
// What it costs to purge a queue, to undo that, to clear dead letters and to cancel by a filter while many tasks are stored: how long
// each takes, and for how long Redis answers nobody else.
//
//   npm run build && node bench/purge.mjs [--tasks 1000000] [--rate 10000]
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { addTasks } from '../dist/queue/store/add-tasks.js';
import { startRedis } from '../scripts/embedded-redis.mjs';

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '1000000' }, rate: { type: 'string', default: '10000' } },
});
const count = Number(values.tasks);
const FAR = Date.now() + 30 * 86_400_000;
const BATCH = 128;

const server = await startRedis({ appendOnly: false });
const redis = new Redis(server.url);
const product = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
  env: {
    ...process.env,
    MODE: 'api',
    PORT: '0',
    BIND_ADDRESS: '127.0.0.1',
    REDIS_URL: server.url,
    MAX_QUEUE_SIZE: '0',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await urlOf(product);
  await fill();
  console.log(
    `${count} tasks: half scheduled in queue low, a tenth waiting there, the rest scheduled in queue default`,
  );
  const purged = await measured('purge of queue low: until the answer', () =>
    ask('DELETE', '/admin/queues/low'),
  );
  await measured('  until all were taken away', () => over(purged.operation_id, ['done']));
  console.log(`  matched ${purged.matched}`);
  await ask('POST', `/admin/operations/${purged.operation_id}/undo`);
  await measured('undo: until all are back', () => over(purged.operation_id, ['undone']));
  const final = await ask('DELETE', '/admin/queues/low?now=true');
  await measured('purge with now: until the memory is free', () => ended(final.operation_id));
  const cancel = { action: 'cancel', filter: { client_id: 'client-7' }, rate: Number(values.rate) };
  const counted = await ask('POST', '/admin/operations', { ...cancel, dry_run: true });
  await measured('count by client', () => ended(counted.operation_id));
  const cancelled = await ask('POST', '/admin/operations', cancel);
  await measured('cancel by client', () => ended(cancelled.operation_id));
  console.log(`  done ${(await look(cancelled.operation_id)).done}`);

  async function look(id) {
    return ask('GET', `/admin/operations/${id}`);
  }
  async function over(id, states) {
    while (!states.includes((await look(id)).state)) await sleep(50);
  }
  async function ended(id) {
    while ((await look(id)).ended_at === undefined) await sleep(50);
  }
  async function ask(method, path, body) {
    const headers = body && { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    return response.json();
  }
} finally {
  product.kill('SIGKILL');
  redis.disconnect();
  await server.stop();
}

async function urlOf(child) {
  let output = '';
  for (;;) {
    const [chunk] = await once(child.stdout, 'data');
    output += chunk;
    const ready = /"url":"([^"]+)","msg":"ready as/.exec(output);
    if (ready) {
      child.stdout.resume();
      return ready[1];
    }
  }
}

async function fill() {
  const rules = { maxAgeMs: 7 * 86_400_000, maxAlive: 0, requestsPerSecond: 0, isMemoryShort: () => false };
  for (let at = 0; at < count; at += BATCH) {
    const additions = Array.from({ length: Math.min(BATCH, count - at) }, (_, n) => ({
      task: taskOf(at + n),
    }));
    await addTasks(redis, { additions, isAllOrNone: false, id: ['bench', at] }, rules, '');
  }
}

function taskOf(n) {
  const lane = n % 10 < 6 ? 'low' : 'default';
  return {
    ...{ id: `task-${n}`, clientId: `client-${n % 50}`, queue: lane, lane, createdAt: Date.now() },
    target: {
      url: 'https://example.com/',
      method: 'POST',
      headers: [],
      body: { encoding: 'utf8', content: 'x'.repeat(200) },
    },
    scheduledAt: n % 10 === 0 ? Date.now() : FAR,
    ...{ maxRetries: 5, timeoutMs: 30_000, metadata: {} },
    retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 300_000, jitter: 0.1 },
  };
}

/** Runs it, and tells how long that took, how long others waited for Redis, and its slowest command. */
async function measured(name, work) {
  await redis.config('SET', 'slowlog-log-slower-than', '1000');
  await redis.config('SET', 'slowlog-max-len', '10000');
  await redis.slowlog('RESET');
  const watch = watchPings();
  const [since, cpu] = [performance.now(), await cpuSeconds()];
  const result = await work();
  const seconds = (performance.now() - since) / 1000;
  const pings = await watch.stop();
  const slow = (await redis.slowlog('GET', 10000)).map((entry) => entry[2] / 1000);
  const used = (await cpuSeconds()) - cpu;
  console.log(
    `${name}: ${seconds.toFixed(2)} s, ${used.toFixed(2)} s of Redis; ${slow.length} commands above 1 ms: median ${at(slow, 0.5)} ms, p99 ${at(slow, 0.99)} ms, slowest ${at(slow, 1)} ms, ${slow.filter((ms) => ms > 20).length} above 20 ms; pings p50 ${pings.p50} ms, p99 ${pings.p99} ms, longest ${pings.longest} ms`,
  );
  return result;
}

async function cpuSeconds() {
  const info = await redis.info('cpu');
  return (
    Number(/used_cpu_user_main_thread:([\d.]+)/.exec(info)[1]) +
    Number(/used_cpu_sys_main_thread:([\d.]+)/.exec(info)[1])
  );
}

/** The value below which that share of them is. */
function at(values, share) {
  const sorted = values.toSorted((one, two) => one - two);
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
}

function watchPings() {
  const other = new Redis(server.url);
  const took = [];
  let isOn = true;
  const watching = (async () => {
    while (isOn) {
      const since = performance.now();
      await other.ping();
      took.push(performance.now() - since);
      await sleep(2);
    }
  })();
  return {
    async stop() {
      isOn = false;
      await watching;
      other.disconnect();
      return { p50: at(took, 0.5), p99: at(took, 0.99), longest: at(took, 1) };
    },
  };
}
