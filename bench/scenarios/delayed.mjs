import { freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { withQueue } from '../lib/queue-rig.mjs';
import { figure } from '../lib/report.mjs';
import { spread } from '../lib/stats.mjs';

const BODY_BYTES = 256;
/** Well above what a task takes, for the check that the machine has room. */
const BYTES_PER_TASK = 3072;
const PRELOAD_SEC = 300;
const DAY_MS = 86_400_000;
/** Those that come due while it is measured: so many a second, each to its own millisecond. */
const DUE_PER_SEC = 1000;
/** Adding them takes a moment, too: the first is due when all are there. */
const LEAD_MS = 4000;
const GOAL_MS = 1000;

/**
 * How late delayed tasks start when many are delayed: of the queue alone, once per size.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function delayed(context) {
  const notes = [`${figure(DUE_PER_SEC)} tasks a second come due while the others wait for days.`];
  const measured = [];
  for (const size of [0, ...context.options.backlog]) {
    if (freemem() < size * BYTES_PER_TASK) notes.push(`${figure(size)}: not enough memory here.`);
    else measured.push(await measureBehind(context, size));
  }
  return {
    name: 'delayed',
    title: 'Delayed: how late tasks start, of the queue alone',
    tables: [table(measured)],
    goals: measured.filter(({ count }) => count > 0).map(goalOf),
    notes,
  };
}

async function measureBehind({ options, begin }, wanted) {
  return withQueue('product', options, async (rig) => {
    const makings = { lane: 'default', bodyBytes: BODY_BYTES };
    begin(`adding ${figure(wanted)} delayed tasks, ${PRELOAD_SEC} s at most`);
    // The worker runs while they come, as it does in production.
    await rig.ask('start');
    const far = { ...makings, count: wanted, seconds: PRELOAD_SEC, delayMs: DAY_MS, spreadMs: 30 * DAY_MS };
    const count = await rig.ask('preload', far);
    begin(`measuring behind ${figure(count)} delayed tasks`);
    const due = { count: DUE_PER_SEC * options.seconds, delayMs: LEAD_MS, spreadMs: options.seconds * 1000 };
    await rig.ask('measureLateness', { ...makings, ...due, seconds: LEAD_MS / 1000 });
    await sleep(options.seconds * 1000 + 2 * LEAD_MS);
    return { count, expected: due.count, ...(await rig.ask('lateness')) };
  });
}

function table(measured) {
  const rows = measured.map(({ count, expected, started, p50, p99, most }) => [
    figure(count),
    `${figure(started)} of ${figure(expected)}`,
    ...[p50, p99, most].map(figure),
  ]);
  return {
    title: 'Milliseconds from when a task is due until its handler is called',
    columns: ['delayed tasks behind', 'started', 'p50', 'p99', 'most'],
    rows,
  };
}

function goalOf({ count, expected, started, p99 }) {
  // Those that have not started at all are late, too.
  const value = spread([started === expected ? p99 : Number.POSITIVE_INFINITY]);
  return { name: `${figure(count)} delayed: p99 ms late`, value, bound: 'at most', limit: GOAL_MS };
}
