// The floor of the receiving side: a route that checks its body, and one LPUSH for what came in together.
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { enqueueSchema } from '../tuned/enqueue-schema.mjs';
import { gather } from '../tuned/gather.mjs';

const MOST_AT_ONCE = 128;

const redis = new Redis(process.env.REDIS_URL);
const push = gather((tasks) => redis.lpush('tasks', ...tasks), MOST_AT_ONCE);
const server = fastify();

server.post('/v1/enqueue', { schema: enqueueSchema }, async (request, reply) => {
  const { client_id, queue = 'default', task } = request.body;
  const id = randomUUID();
  await push(JSON.stringify({ id, client_id, queue, task }));
  reply.code(202);
  return { status: 'enqueued', task_id: id, queue, client_id };
});
server.get('/health', () => ({ status: 'ok' }));

await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
