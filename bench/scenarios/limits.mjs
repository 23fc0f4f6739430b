import { measureInTurns } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { spread } from '../lib/stats.mjs';
import { ADMIN_KEY, productWith } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

/** New clients get this tier. Its limits are counted, and never reached. */
const TIER = 'benchmark';
const WITHOUT = { requests_per_minute: null, max_concurrent: 100_000 };
const WITH = { requests_per_minute: 1_000_000_000, max_concurrent: 100_000 };

const PAIRS = [
  { name: 'one client', load: FULL_LOAD },
  { name: '64 clients', load: { ...FULL_LOAD, clients: 64 } },
];

/**
 * What it costs to hold clients to requests per minute. Requests per second are counted in both ways.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function limits({ options, begin }) {
  const figures = PAIRS.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, pair] of PAIRS.entries()) {
      begin(`round ${round + 1} of ${options.rounds}: ${pair.name}`);
      figures[at].push(await measurePair(pair.load, options));
    }
  }
  return {
    name: 'limits',
    title: 'Limits: at saturation, with and without',
    tables: [table(figures)],
    goals: PAIRS.map(({ name }, at) => ({
      name: `CPU µs of the limits, ${name}`,
      value: spread(figures[at].map(([without, held]) => costOf(held) - costOf(without))),
      bound: 'at most',
      limit: 20,
    })),
    notes: ['With 64 clients, each connection is one: every batch is of as many clients as it has tasks.'],
  };
}

/** Workers have no part in it. */
const costOf = ({ cpu }) => cpu.api + cpu.redis;

function measurePair(load, { concurrency, body, ...lengths }) {
  const system = productWith('Task Runner', { UNKNOWN_CLIENT_TIER: TIER });
  return Rig.with([system, { concurrency }], async (rig) => {
    await rig.startBoth();
    const ways = [WITHOUT, WITH].map((tier) => ({ rig, prepare: () => setTier(rig.origin, tier) }));
    return measureInTurns(ways, { ...load, bodyBytes: body }, lengths);
  });
}

async function setTier(origin, tier) {
  const response = await fetch(`${origin}/admin/tiers/${TIER}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-admin-key': ADMIN_KEY },
    body: JSON.stringify(tier),
  });
  if (!response.ok) throw new Error(`/admin/tiers answered ${response.status}: ${await response.text()}`);
}

function table(figures) {
  const rows = PAIRS.flatMap(({ name }, at) =>
    ['without', 'with'].map((kind, side) => {
      const cell = (pick) => range(spread(figures[at].map((pair) => pick(pair[side]))));
      const cpu = ['api', 'redis'].map((process) => cell((figure) => figure.cpu[process]));
      return [
        `${name}, ${kind}`,
        cell(({ rate }) => rate),
        ...cpu,
        cell(costOf),
        cell(({ others }) => 100 * others),
      ];
    }),
  );
  return {
    title: 'Task Runner, clients with and without requests per minute',
    columns: ['limits', 'tasks/s', 'CPU µs API', 'CPU µs Redis', 'CPU µs of both', 'others %'],
    rows,
  };
}
