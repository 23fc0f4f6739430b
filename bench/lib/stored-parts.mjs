// What is measured of a Redis full of tasks.

/** Redis time that something takes: all of it, and by command. Microseconds of processor time. */
export async function costOf(redis, work) {
  await redis.config('RESETSTAT');
  const before = await cpuUs(redis);
  const result = await work();
  const cpu = (await cpuUs(redis)) - before;
  return { cpu, result, commands: await commandTimes(redis) };
}

async function cpuUs(redis) {
  const info = await redis.info('cpu');
  const of = (name) => Number(new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1]) * 1e6;
  return of('used_cpu_user_main_thread') + of('used_cpu_sys_main_thread');
}

async function commandTimes(redis) {
  const info = await redis.info('commandstats');
  return [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)]
    .map(([, command, calls, us]) => ({
      command,
      calls: Number(calls),
      ms: Number(us) / 1000,
      usEach: Math.round((10 * us) / calls) / 10,
    }))
    .toSorted((one, other) => other.ms - one.ms);
}

const SAMPLE = 400;

/** Bytes of tasks, by their end, of a sample; and of the keys that all share, for each task. */
export async function bytesByPart(redis, count) {
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))[1]);
  const all = await redis.keys('{tr}:*');
  const tasks = all.filter((key) => kindOf(key) === 'task');
  const sample = tasks.filter((_, at) => at % Math.ceil(tasks.length / SAMPLE) === 0);
  const rows = [{ part: 'all of Redis', bytes: used }, ...(await bytesOfTasks(redis, sample, count))];
  const sums = await sumsOf(
    redis,
    all.filter((key) => kindOf(key) !== 'task'),
  );
  rows.push(...[...sums].map(([part, bytes]) => ({ part, bytes })));
  return rows
    .map(({ part, bytes }) => ({ part, 'bytes per task': Math.round(bytes / count) }))
    .filter((row) => row['bytes per task'] >= 2);
}

const usage = async (redis, key) => Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));

/** As if all of them were like these. */
async function bytesOfTasks(redis, sample, count) {
  const byEnd = new Map();
  for (const key of sample) {
    const end = (await redis.hget(key, 'end')) ?? 'alive';
    byEnd.set(end, [...(byEnd.get(end) ?? []), await usage(redis, key)]);
  }
  return [...byEnd].map(([end, sizes]) => ({
    part: `hash of a task (${end})`,
    bytes: (sizes.reduce((sum, size) => sum + size, 0) / sizes.length) * count,
  }));
}

async function sumsOf(redis, keys) {
  const sums = new Map();
  for (const key of keys) sums.set(kindOf(key), (sums.get(kindOf(key)) ?? 0) + (await usage(redis, key)));
  return sums;
}

function kindOf(key) {
  const name = key.slice('{tr}:'.length);
  if (/^(critical|high|default|low):[0-9a-f-]{36}$/.test(name)) return 'task';
  return name
    .replace(/^(critical|high|default|low):/, '<lane>:')
    .replace(/^(made|dead|park|flow):(?!last|groups).+/, '$1:<each>');
}

const load = (dist, name) => import(new URL(name, dist).href);

/** Each list and count: Redis time, and the longest command. */
export async function listCalls(redis, dist, start) {
  const now = start + 1_000_000;
  const calls = { ...(await lists(redis, dist, { now, start })), ...(await counts(redis, dist, now)) };
  const rows = [];
  for (const [what, call] of Object.entries(calls)) rows.push({ what, ...(await timesOf(redis, call)) });
  return rows;
}

const ROUNDS = 9;

/** Milliseconds that Redis works for a call (its processor), and the longest script in it (by the clock), medians. */
async function timesOf(redis, call) {
  await call();
  await redis.config('SET', 'slowlog-log-slower-than', '100');
  const longest = [];
  const { cpu } = await costOf(redis, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await redis.slowlog('RESET');
      await call();
      const scripts = (await redis.slowlog('GET', 128)).filter(([, , , [command]]) =>
        /^evalsha$/i.test(command),
      );
      longest.push(Math.max(0.1, ...scripts.map(([, , us]) => us / 1000)));
    }
  });
  const round = (value) => Math.round(value * 10) / 10;
  const sorted = longest.toSorted((one, other) => one - other);
  return {
    'ms of Redis': round(cpu / 1000 / ROUNDS),
    'longest command': round(sorted[ROUNDS >> 1]),
    'its worst': round(sorted.at(-1)),
  };
}

async function lists(redis, dist, { now, start }) {
  const { searchTasks } = await load(dist, 'queue/search/search-tasks.js');
  const cipher = { open: (task) => task };
  const list =
    (filter, limit = 50) =>
    () =>
      searchTasks(redis, { filter, limit }, { now, cipher });
  return {
    'a page of 50': list({}),
    'a page of 1,000': list({}, 1000),
    'a client': list({ clientId: 'client-7' }),
    'a client that has none': list({ clientId: 'nobody' }),
    'a queue': list({ queue: 'named-7' }),
    'a queue that has none': list({ queue: 'nobody' }),
    'a host that has none': list({ host: 'nobody.example' }),
    'a type that has none': list({ type: 'nothing' }),
    pending: list({ state: 'pending' }),
    scheduled: list({ state: 'scheduled' }),
    completed: list({ state: 'completed' }),
    dead_letter: list({ state: 'dead_letter' }),
    'running, of which there is none': list({ state: 'running' }),
    'a label': list({ labels: [['order', '17']] }),
    'a text of the last error': list({ error: 'no such order' }),
    'a text that none has': list({ error: 'nothing of the kind' }),
    'created in a minute': list({ createdAfter: start + 200_000, createdBefore: start + 201_000 }),
    'created at a time when none was': list({ createdAfter: start + 900_000 }),
    'dead letters, 50': list({ dead: {} }),
    'dead letters, 1,000': list({ dead: {} }, 1000),
    'dead letters of a queue that has none': list({ dead: {}, queue: 'nobody' }),
  };
}

async function counts(redis, dist, now) {
  const { QueueGauge } = await load(dist, 'queue/queues/queue-gauge.js');
  const { DeadLetterGroups } = await load(dist, 'queue/dead-letters/dead-letter-groups.js');
  const gauge = new QueueGauge({ producer: redis }, { scriptTime: () => now });
  const groups = new DeadLetterGroups({ producer: redis });
  const names = Array.from({ length: 1000 }, (_, n) => `named-${n}`);
  return {
    'groups of dead letters': () => groups.all(),
    'figures of 1 queue': () => gauge.measure(['named-7']),
    'figures of 1,000 queues': () => gauge.measure(names),
  };
}
