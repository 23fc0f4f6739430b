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

const SAMPLE = 200;

/** Bytes of a sample of tasks by what they are, and of the keys that all share, for each task. */
export async function bytesByPart(redis, count) {
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))[1]);
  const parts = new Map([['all of Redis', used / count]]);
  const keys = new Map();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'COUNT', 1000);
    cursor = next;
    for (const key of found) {
      const kind = kindOf(key);
      keys.set(kind, [...(keys.get(kind) ?? []), ...((keys.get(kind)?.length ?? 0) < SAMPLE ? [key] : [])]);
      if (kind === 'task' && (keys.get(kind)?.length ?? 0) >= SAMPLE) continue;
    }
  } while (cursor !== '0' && keys.size < 60 && (keys.get('task')?.length ?? 0) < SAMPLE);
  const usage = async (key) => Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
  const tasks = await Promise.all(
    keys
      .get('task')
      .map(async (key) => ({ key, bytes: await usage(key), state: await redis.hget(key, 'end') })),
  );
  for (const state of ['completed', 'dead_letter', null]) {
    const some = tasks.filter((task) => task.state === state);
    if (some.length > 0)
      parts.set(
        `hash of a task (${state ?? 'alive'})`,
        some.reduce((sum, { bytes }) => sum + bytes, 0) / some.length,
      );
  }
  const shared = (await redis.keys('{tr}:*')).filter((key) => kindOf(key) !== 'task');
  const sums = new Map();
  for (const key of shared) sums.set(kindOf(key), (sums.get(kindOf(key)) ?? 0) + (await usage(key)));
  for (const [kind, bytes] of sums) if (bytes / count >= 0.5) parts.set(kind, bytes / count);
  return [...parts].map(([part, bytes]) => ({ part, 'bytes per task': Math.round(bytes) }));
}

function kindOf(key) {
  const name = key.slice('{tr}:'.length);
  if (/^(critical|high|default|low):[0-9a-f-]{36}$/.test(name)) return 'task';
  return name
    .replace(/^(critical|high|default|low):/, '<lane>:')
    .replace(/^(made|dead):(?!last|groups).+/, '$1:<each>');
}

/** Each list and count: calls of Redis, its time, and the longest command. */
export async function listCalls(redis, dist, start) {
  const load = (name) => import(new URL(name, dist).href);
  const [{ searchTasks }, { QueueGauge }, { DeadLetterGroups }] = await Promise.all(
    [
      'queue/search/search-tasks.js',
      'queue/queues/queue-gauge.js',
      'queue/dead-letters/dead-letter-groups.js',
    ].map(load),
  );
  const now = start + 1_000_000;
  const cipher = { open: (task) => task };
  const list =
    (filter, limit = 50) =>
    () =>
      searchTasks(redis, { filter, limit }, { now, cipher });
  const gauge = new QueueGauge({ producer: redis }, { scriptTime: () => now });
  const names = Array.from({ length: 1000 }, (_, n) => `named-${n}`);
  const groups = new DeadLetterGroups({ producer: redis });
  const calls = {
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
    'groups of dead letters': () => groups.all(),
    'figures of 1 queue': () => gauge.measure(['named-7']),
    'figures of 1,000 queues': () => gauge.measure(names),
  };
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
