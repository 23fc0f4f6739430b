// Stock BullMQ's worker with the options that make it cheapest, and undici's pool.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { pools } from './pools.mjs';

const concurrency = Number(process.env.CONCURRENCY);
const connection = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const poolOf = pools(concurrency);

const worker = new Worker('tasks', deliver, {
  connection,
  concurrency,
  lockDuration: 60_000,
  stalledInterval: 30_000,
});
worker.on('error', (error) => console.error(error.message));

async function deliver({ id, data: { task, timeout = 1800 } }) {
  const { pool, path } = poolOf(task.url);
  const { statusCode, body } = await pool.request({
    path,
    method: task.method ?? 'POST',
    headers: { ...task.headers, 'x-task-id': id },
    body: task.body ?? null,
    headersTimeout: timeout * 1000,
    bodyTimeout: timeout * 1000,
  });
  await body.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`The target answered ${statusCode}`);
}
