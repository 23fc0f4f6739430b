// Stock BullMQ as good as its public API allows: bare Fastify with a compiled schema, and `addBulk`.
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { enqueueSchema } from './enqueue-schema.mjs';
import { gather } from './gather.mjs';

const MOST_AT_ONCE = 64;

const connection = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue('tasks', { connection });
const add = gather((jobs) => queue.addBulk(jobs), MOST_AT_ONCE);
const server = fastify();

server.post('/v1/enqueue', { schema: enqueueSchema }, async (request, reply) => {
  const { body } = request;
  const jobId = randomUUID();
  await add({ name: 'http', data: body, opts: optionsOf(body, jobId) });
  reply.code(202);
  return { status: 'enqueued', task_id: jobId, queue: body.queue ?? 'default', client_id: body.client_id };
});
server.get('/health', () => ({ status: 'ok' }));

await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });

function optionsOf({ delay = 0, max_retries: retries = 5 }, jobId) {
  return {
    jobId,
    delay: delay * 1000,
    attempts: retries + 1,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: 1000,
    stackTraceLimit: 0,
  };
}
