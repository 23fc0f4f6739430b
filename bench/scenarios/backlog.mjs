import { freemem } from 'node:os';
import { withQueue } from '../lib/queue-rig.mjs';
import { figure } from '../lib/report.mjs';
import { spread } from '../lib/stats.mjs';

const BODY_BYTES = 1024;
/** Well above what a task takes, for the check that the machine has room. */
const BYTES_PER_TASK = 4096;
const PRELOAD_SEC = 300;
const FAR_MS = 30 * 86_400_000;

/** What the backlog consists of; the load itself is in the most urgent lane. */
const KINDS = {
  delayed: { lane: 'default', delayMs: FAR_MS, bodyBytes: BODY_BYTES },
  waiting: { lane: 'low', delayMs: 0, bodyBytes: BODY_BYTES },
};

/**
 * What a backlog costs, in speed and in memory: of the queue alone, and once per size, since filling it takes long.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function backlog(context) {
  const behind = [];
  const notes = ['Each size is measured once, and right after it the same without a backlog.'];
  for (const size of context.options.backlog) {
    for (const kind of Object.keys(KINDS)) {
      if (freemem() < size * BYTES_PER_TASK) notes.push(`${figure(size)} ${kind}: not enough memory here.`);
      else behind.push(await measurePair(context, kind, size));
    }
  }
  const largest = behind.filter(({ wanted }) => wanted === Math.max(...context.options.backlog));
  return {
    name: 'backlog',
    title: 'Backlog: the queue alone, behind tasks that wait',
    tables: [table(behind)],
    goals: largest.flatMap(goalsOf),
    notes,
  };
}

async function measurePair(context, kind, wanted) {
  const behind = await measureBehind(context, kind, wanted);
  const empty = await measureBehind(context, kind, 0);
  return { ...behind, empty };
}

async function measureBehind({ options, begin }, kind, wanted) {
  return withQueue('product', options, async (rig) => {
    const before = await rig.redis.usedBytes();
    if (wanted > 0) begin(`adding ${figure(wanted)} ${kind} tasks, ${PRELOAD_SEC} s at most`);
    const count = await rig.ask('preload', { ...KINDS[kind], count: wanted, seconds: PRELOAD_SEC });
    const bytes = ((await rig.redis.usedBytes()) - before) / count;
    begin(`measuring behind ${figure(count)} ${kind} tasks`);
    const { rate, cpu } = await rig.measure(options, options.body);
    return { kind, wanted, count, bytes, rate, cpu };
  });
}

function table(behind) {
  const rows = behind.map(({ kind, count, rate, cpu, bytes, empty }) => [
    `${figure(count)} ${kind}`,
    ...[empty.rate, rate, rate / empty.rate, empty.cpu.sum, cpu.sum, bytes].map(figure),
  ]);
  return {
    title: `Tasks with bodies of ${BODY_BYTES} bytes in the way`,
    columns: [
      'backlog',
      'tasks/s empty',
      'behind',
      'ratio',
      'CPU µs empty',
      'behind',
      'Redis bytes per waiting task',
    ],
    rows,
  };
}

function goalsOf({ kind, count, rate, bytes, empty }) {
  const name = `${figure(count)} ${kind}`;
  return [
    { name: `${name}: rate / empty`, value: spread([rate / empty.rate]), bound: 'at least', limit: 0.9 },
    { name: `${name}: Redis bytes per task`, value: spread([bytes]), bound: 'at most', limit: 2000 },
  ];
}
