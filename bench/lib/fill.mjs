// A Redis full of tasks, by the product's own scripts, at times that the caller chooses.
import { randomUUID } from 'node:crypto';

const SETTINGS = {
  token: 'filler',
  lockMs: 600_000,
  mode: 'weighted',
  maxAgeMs: 604_800_000,
  completedForMs: 604_800_000,
  deadForMs: 2_592_000_000,
  breaker: '0;60000;30000;300000;3;10',
};
const RULES = { maxAgeMs: 604_800_000, maxAlive: 0, requestsPerSecond: 0, isMemoryShort: () => false };
const AT_ONCE = 100;
const DAY = 86_400_000;

/**
 * @param {import('ioredis').Redis} redis
 * @param {URL} dist the build whose scripts are used
 */
export async function fillerOf(redis, dist) {
  const { addTasks } = await import(new URL('queue/store/add-tasks.js', dist).href);
  const { step } = await import(new URL('queue/worker/step.js', dist).href);
  let batches = 0;
  let turns = 0;
  const turn = (capacity, settled, now) => {
    const request = { id: `turn-${++turns}`, capacity, settled };
    return step(redis, SETTINGS, { ...request, laneTimes: [0, 0, 0, 0], laneCharges: [1, 1, 1, 1] }, now);
  };
  return {
    /** @param {(n: number) => object} fieldsOf of the nth task */
    async add(count, now, fieldsOf) {
      for (let n = 0; n < count; n += AT_ONCE) {
        const at = now + n / AT_ONCE;
        const length = Math.min(AT_ONCE, count - n);
        const additions = Array.from({ length }, (_, i) => ({ task: taskOf(at, fieldsOf(n + i)) }));
        await addTasks(redis, { additions, isAllOrNone: false, id: ['filler', ++batches] }, RULES, at);
      }
    },
    /** Runs so many of those that wait. `endOf`: what the nth comes to. */
    async run(count, now, endOf) {
      let settled = [];
      for (let n = 0; n < count || settled.length > 0;) {
        const { fetched } = await turn(Math.min(AT_ONCE, count - n), settled, now + turns);
        settled = fetched.map((task) => settlementOf(task, endOf(n++), now + turns));
        if (n < count && fetched.length === 0) throw new Error(`only ${n} tasks wait`);
      }
    },
    day: DAY,
  };
}

/** A task of 1 kB or what the fields say. */
function taskOf(now, { delayMs = 0, bodyBytes = 1024, ...fields }) {
  const { lane = 'default' } = fields;
  return {
    id: randomUUID(),
    clientId: 'client-0',
    queue: lane,
    lane,
    target: {
      url: 'http://target.example/orders',
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: { encoding: 'utf8', content: 'x'.repeat(bodyBytes) },
    },
    createdAt: now,
    scheduledAt: now + delayMs,
    maxRetries: 5,
    retry: { strategy: 'exponential', minBackoffMs: 1000, maxBackoffMs: 300_000, jitter: 0.1 },
    timeoutMs: 1_800_000,
    metadata: {},
    ...fields,
  };
}

function settlementOf(fetched, end, now) {
  const { task, attemptsMade, dataBytes, kept, gates } = fetched;
  const failed = end.kind !== 'completed';
  return {
    ...{ lane: task.lane, id: task.id, attemptsMade: attemptsMade + 1, dataBytes, kept, gates },
    attempt: {
      ...{ number: kept.made + 1, startedAt: now, endedAt: now + 12, timings: { totalMs: 12 } },
      ...(failed
        ? { class: 'rejected', status: 500, response: `no such order ${task.id}: ${end.why ?? ''}` }
        : { class: 'succeeded', status: 200 }),
    },
    ...end,
    verdict: { kind: failed ? 'failure' : 'success' },
  };
}
