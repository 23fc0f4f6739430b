import { measureUnder } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { spread } from '../lib/stats.mjs';
import { ADMIN_KEY, productWith } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

/** New clients get this tier. Its limits are counted, and never reached. */
const TIER = 'benchmark';
const WITHOUT = { requests_per_minute: null, max_concurrent: 100_000 };
const WITH = { requests_per_minute: 1_000_000_000, max_concurrent: 100_000 };

const KINDS = [
  { label: 'one client, without', tier: WITHOUT, perSecond: '0', clients: 1 },
  { label: 'one client, with', tier: WITH, perSecond: '1000000', clients: 1 },
  { label: '64 clients, without', tier: WITHOUT, perSecond: '0', clients: 64 },
  { label: '64 clients, with', tier: WITH, perSecond: '1000000', clients: 64 },
];

/**
 * What it costs to hold clients to requests per minute, and senders to requests per second.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function limits({ options, begin }) {
  const figures = KINDS.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    for (let n = 0; n < KINDS.length; n++) {
      const at = (n + round) % KINDS.length;
      begin(`round ${round + 1} of ${options.rounds}: ${KINDS[at].label} limits`);
      figures[at].push(await measureOne(KINDS[at], options));
    }
  }
  const [one, oneWith, many, manyWith] = figures.map((rounds) => rounds.map(({ cpu }) => cpu.sum));
  const cost = (name, without, held) => ({
    name: `CPU µs of the limits, ${name}`,
    value: spread(held.map((sum, round) => sum - without[round])),
    bound: 'at most',
    limit: 20,
  });
  return {
    name: 'limits',
    title: 'Limits: at saturation, with and without',
    tables: [table(figures)],
    goals: [cost('one client', one, oneWith), cost('64 clients', many, manyWith)],
    notes: ['With 64 clients, each connection is one: every batch is of as many clients as it has tasks.'],
  };
}

async function measureOne({ label, tier, perSecond, clients }, { concurrency, body, ...options }) {
  const system = productWith(label, { INGRESS_RPS: perSecond, UNKNOWN_CLIENT_TIER: TIER });
  return Rig.with([system, { concurrency }], async (rig) => {
    await rig.startBoth();
    await setTier(rig.origin, tier);
    return measureUnder(rig, { ...FULL_LOAD, clients, bodyBytes: body }, options);
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
  const rows = figures.map((rounds, at) => {
    const cell = (pick) => range(spread(rounds.map(pick)));
    const cpu = ['api', 'redis', 'sum'].map((process) => cell((figure) => figure.cpu[process]));
    return [KINDS[at].label, cell(({ rate }) => rate), ...cpu, cell(({ others }) => 100 * others)];
  });
  return {
    title: 'Task Runner, requests per minute and requests per second',
    columns: ['limits', 'tasks/s', 'CPU µs API', 'CPU µs Redis', 'CPU µs sum', 'others %'],
    rows,
  };
}
