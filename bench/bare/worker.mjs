// The floor of the calling side: tasks in batches out of a list, and undici's dispatch. It forgets what it holds when
// it ends and repeats nothing: no product may be so, and none can be cheaper.
import { Redis } from 'ioredis';
import { pools } from '../tuned/pools.mjs';

const WAIT_SEC = 1;

const concurrency = Number(process.env.CONCURRENCY);
const redis = new Redis(process.env.REDIS_URL);
const poolOf = pools(concurrency);
let running = 0;
let slotsFree = () => {};

class Exchange {
  onRequestStart() {}
  onRequestUpgrade() {}
  onResponseStart() {}
  onResponseData() {}
  onResponseEnd() {
    ended();
  }
  onResponseError(_controller, error) {
    console.error(error.message);
    ended();
  }
}

for (;;) {
  // Half of the slots at least, so that one command brings many.
  while (running > concurrency / 2) await new Promise((resolve) => (slotsFree = resolve));
  const tasks = (await redis.rpop('tasks', concurrency - running)) ?? (await waitForOne());
  for (const task of tasks) deliver(JSON.parse(task));
}

async function waitForOne() {
  const popped = await redis.brpop('tasks', WAIT_SEC);
  return popped ? [popped[1]] : [];
}

function deliver({ id, task }) {
  running++;
  const { pool, path } = poolOf(task.url);
  const headers = [...Object.entries(task.headers ?? {}).flat(), 'x-task-id', id];
  pool.dispatch({ path, method: task.method ?? 'POST', headers, body: task.body ?? null }, new Exchange());
}

function ended() {
  running--;
  if (running <= concurrency / 2) slotsFree();
}
