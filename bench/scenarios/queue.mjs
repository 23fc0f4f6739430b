import { withQueue } from '../lib/queue-rig.mjs';
import { range } from '../lib/report.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';

const LABELS = { product: 'Task Runner', stock: 'stock Queue.add and Worker' };

/**
 * Storing, fetching and settling alone: one process, no HTTP, nothing to do per task.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function queue({ options, begin }) {
  const names = Object.keys(LABELS);
  const figures = { product: [], stock: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      begin(`round ${round + 1} of ${options.rounds}: ${LABELS[name]}`);
      figures[name].push(await withQueue(name, options, (rig) => rig.measure(options, options.body)));
    }
  }
  const ratio = (pick) => ratioSpread(figures.product.map(pick), figures.stock.map(pick));
  return {
    name: 'queue',
    title: 'The queue alone: add, fetch, settle',
    tables: [table(figures)],
    goals: [
      { name: 'CPU / stock', value: ratio(({ cpu }) => cpu.sum), bound: 'at most', limit: 0.4 },
      { name: 'CPU of Redis / stock', value: ratio(({ cpu }) => cpu.redis), bound: 'at most', limit: 0.5 },
    ],
    notes: [],
  };
}

function table(figures) {
  const rows = Object.entries(LABELS).map(([name, label]) => {
    const cell = (pick) => range(spread(figures[name].map(pick)));
    const cpu = ['node', 'redis', 'sum'].map((process) => cell((figure) => figure.cpu[process]));
    return [label, cell(({ rate }) => rate), ...cpu, cell(({ others }) => 100 * others)];
  });
  return {
    title: 'Per task, both sides in one process',
    columns: ['queue', 'tasks/s', 'CPU µs node', 'CPU µs Redis', 'CPU µs sum', 'others %'],
    rows,
  };
}
