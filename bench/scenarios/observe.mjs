import { createServer } from 'node:http';
import { measureInTurns } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { SYSTEMS } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

const NO_METRICS = new URL('../lib/no-metrics.mjs', import.meta.url);
const SCRAPE_EVERY_SEC = 5;
/** Half of what goes through. */
const STEADY = { connections: 64, perSecond: 3000 };

/**
 * What it costs to be seen: the product without its metrics, as it is while somebody scrapes it, and besides with one
 * trace of a hundred. All three run at once, take turns of a second, and are scraped three times as often as by a
 * Prometheus that asks often.
 *
 * @param {import('../lib/context.mjs').Context} context @returns {Promise<import('../lib/report.mjs').Section>}
 */
export async function observe(context) {
  const collector = await startCollector();
  try {
    return await compare(context, variants(collector.address().port));
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}

async function compare({ options, begin }, systems) {
  const [full, steady] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    begin(`round ${round + 1} of ${options.rounds}`);
    await withRigs(Object.entries(systems), options, async (rigs) => {
      full.push(await measureRound(rigs, FULL_LOAD, options));
      steady.push(await measureRound(rigs, STEADY, options));
    });
  }
  return {
    name: 'observe',
    title: 'Being seen: metrics and traces',
    tables: [
      table('At saturation, per task', systems, full),
      table(`At ${STEADY.perSecond} tasks a second, per task`, systems, steady),
    ],
    goals: [...goals('at saturation', full), ...goals('steadily', steady)],
    notes: [
      'All three are up at once, and what the two do whose turn it is not is part of "others". All are scraped in every fifth turn, the first among them; without metrics there is nothing in the answer.',
    ],
  };
}

/** All systems at once, each on a Redis of its own. */
async function withRigs([first, ...others], options, measure, rigs = []) {
  if (!first) return measure(rigs);
  const [name, system] = first;
  const { concurrency, durable } = options;
  const profile = options.profile && `${options.profile}/${name}`;
  return Rig.with([system, { concurrency, durable, profile }], async (rig) => {
    await rig.startBoth();
    return withRigs(others, options, measure, [...rigs, rig]);
  });
}

/** @returns figures by the order of the systems */
function measureRound(rigs, load, options) {
  const ways = rigs.map((rig) => ({ rig, meanwhile: (turn) => scrape(rig, turn) }));
  return measureInTurns(ways, { ...load, bodyBytes: options.body }, options);
}

function goals(when, rounds) {
  const cpu = (at) => rounds.map((figures) => figures[at].cpu.api + figures[at].cpu.worker);
  const [blind, seen, traced] = [0, 1, 2].map(cpu);
  const goal = (what, dearer, cheaper, limit) => ({
    name: `CPU of Node with ${what} / without, ${when}`,
    value: ratioSpread(dearer, cheaper),
    bound: 'at most',
    limit,
  });
  return [goal('metrics', seen, blind, 1.03), goal('1 % of traces', traced, seen, 1.1)];
}

function variants(collectorPort) {
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${collectorPort}`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  };
  return {
    blind: withEnv('without metrics', { NODE_OPTIONS: `--import=${NO_METRICS.href}` }),
    product: withEnv('with metrics', {}),
    traced: withEnv('with metrics and 1 % of traces', tracing),
  };
}

function withEnv(label, env) {
  const { api, worker } = SYSTEMS.product;
  const half = (of) => ({ ...of, env: { ...of.env, ...env } });
  return { label, api: half(api), worker: half(worker) };
}

/** Without metrics there is nothing in the answer, and the request all the same. */
async function scrape({ origin, workerOrigin }, turn) {
  if (turn % SCRAPE_EVERY_SEC !== 0) return;
  for (const each of [origin, workerOrigin]) {
    const answer = await fetch(`${each}/metrics`);
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
    await answer.text();
  }
}

/** Takes traces and looks at none. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function table(title, systems, rounds) {
  const rows = Object.values(systems).map(({ label }, at) => {
    const cell = (pick) => range(spread(rounds.map((figures) => pick(figures[at]))));
    return [
      label,
      cell(({ rate }) => rate),
      ...['api', 'worker', 'redis', 'sum'].map((process) => cell(({ cpu }) => cpu[process])),
      cell(({ others }) => 100 * others),
    ];
  });
  const cpu = ['API', 'worker', 'Redis', 'sum'].map((process) => `CPU µs ${process}`);
  return { title, columns: ['product', 'tasks/s', ...cpu, 'others %'], rows };
}
