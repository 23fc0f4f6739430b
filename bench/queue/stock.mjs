// BullMQ as its own documentation uses it, with a processor that does nothing.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { drive } from './driver.mjs';

await drive(async (onHandled) => {
  const { REDIS_URL, WORKER_CONCURRENCY } = process.env;
  const connection = () => new Redis(REDIS_URL, { maxRetriesPerRequest: null });
  const queue = new Queue('tasks', { connection: connection() });
  await queue.waitUntilReady();
  const options = (task) => ({
    jobId: task.id,
    attempts: task.maxRetries + 1,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: 1000,
  });
  const start = () => {
    const handle = async ({ data }) => onHandled(data);
    const worker = new Worker('tasks', handle, {
      connection: connection(),
      concurrency: Number(WORKER_CONCURRENCY),
    });
    worker.on('error', (error) => console.error(error.message));
  };
  return { add: (task) => queue.add('http', task, options(task)), start };
});
