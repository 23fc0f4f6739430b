import { createServer } from 'node:http';
import { measureUnder } from '../lib/measure.mjs';
import { range } from '../lib/report.mjs';
import { Rig } from '../lib/rig.mjs';
import { ratioSpread, spread } from '../lib/stats.mjs';
import { SYSTEMS } from '../systems/systems.mjs';
import { FULL_LOAD } from './saturation.mjs';

const NO_METRICS = new URL('../lib/no-metrics.mjs', import.meta.url);
const SCRAPE_EVERY_MS = 1000;

/**
 * What it costs to be seen: the product without its metrics, as it is while somebody scrapes it each second, and besides with
 * one trace of a hundred.
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
  const names = Object.keys(systems);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round) % names.length];
      begin(`round ${round + 1} of ${options.rounds}: ${systems[name].label}`);
      figures[name].push(await measureOne(systems[name], name, options));
    }
  }
  const cpu = (name) => figures[name].map((of) => of.cpu.api + of.cpu.worker);
  return {
    name: 'observe',
    title: 'Being seen: metrics and traces',
    tables: [table(systems, figures)],
    goals: [
      {
        name: 'CPU of Node with metrics / without',
        value: ratioSpread(cpu('product'), cpu('blind')),
        bound: 'at most',
        limit: 1.03,
      },
      {
        name: 'CPU of Node with 1 % of traces / without',
        value: ratioSpread(cpu('traced'), cpu('product')),
        bound: 'at most',
        limit: 1.1,
      },
    ],
    notes: [],
  };
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

async function measureOne(system, name, options) {
  const { concurrency, durable } = options;
  const profile = options.profile && `${options.profile}/${name}`;
  return Rig.with([system, { concurrency, durable, profile }], async (rig) => {
    await rig.startBoth();
    const scrapes = name === 'blind' ? undefined : setInterval(() => void scrape(rig), SCRAPE_EVERY_MS);
    try {
      return await measureUnder(rig, { ...FULL_LOAD, bodyBytes: options.body }, options);
    } finally {
      clearInterval(scrapes);
    }
  });
}

/** As Prometheus does, only more often. */
async function scrape({ origin, workerOrigin }) {
  for (const each of [origin, workerOrigin]) {
    await fetch(`${each}/metrics`).then(
      (answer) => answer.text(),
      () => undefined,
    );
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

function table(systems, figures) {
  const rows = Object.entries(figures).map(([name, rounds]) => {
    const cell = (pick) => range(spread(rounds.map(pick)));
    return [
      systems[name].label,
      cell(({ rate }) => rate),
      ...['api', 'worker', 'redis', 'sum'].map((process) => cell(({ cpu }) => cpu[process])),
      cell(({ p99 }) => p99),
      cell(({ others }) => 100 * others),
    ];
  });
  const cpu = ['API', 'worker', 'Redis', 'sum'].map((process) => `CPU µs ${process}`);
  return { title: 'Per task', columns: ['product', 'tasks/s', ...cpu, 'p99 ms', 'others %'], rows };
}
