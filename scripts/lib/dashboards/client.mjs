import { dashboard, variable } from './dashboard.mjs';
import { toDashboard } from './links.mjs';
import { bars, CHOSEN, graph, stat } from './panels.mjs';
import { FAILED } from './queries.mjs';

const CLIENT = 'client=~"$client"';
const tasks = (state) => `sum(max by (client) (taskqueue_client_tasks{${CLIENT}, state="${state}"}))`;
const attempts = (...labels) => `taskqueue_client_attempts_total{${[CLIENT, ...labels].join(', ')}}`;

const one = [
  stat({
    title: 'Its tasks',
    unit: 'short',
    about:
      'alive has not ended. deferred is held: by its cap (its tier), because it is disabled, or by queue or host. Nothing: it has none, or it is not among the METRICS_MAX_NAMES with the most; GET /admin/clients/get?client_id=… knows every client.',
    queries: { alive: tasks('alive'), running: tasks('running'), deferred: tasks('deferred') },
    width: 8,
  }),
  stat({
    title: 'Its share of all attempts',
    unit: 'percentunit',
    about:
      'Of the last five minutes. Much, and others wait: set a cap (PUT /admin/tiers/{name}, or POST /admin/clients/set).',
    queries: { share: `sum(rate(${attempts()}[5m])) / sum(rate(taskqueue_client_attempts_total[5m]))` },
    width: 8,
  }),
  stat({
    title: 'Its attempts that fail',
    unit: 'percentunit',
    about:
      'Of the last five minutes. Much, while others are well at the same hosts: its requests are wrong; tell its owner.',
    queries: { failed: `sum(rate(${attempts(FAILED)}[5m])) / sum(rate(${attempts()}[5m]))` },
    steps: { orange: 0.05, red: 0.25 },
    width: 8,
  }),
  graph({
    title: 'Tasks over time',
    unit: 'short',
    about: 'It grows, and all of it is deferred: the client sends more than its cap lets through.',
    queries: { alive: tasks('alive'), running: tasks('running'), deferred: tasks('deferred') },
    width: 8,
  }),
  graph({
    title: 'Stored and refused',
    unit: 'ops',
    about:
      'Refused: its rate, its max_alive, or it is disabled. The answer it got says which; GET /admin/clients/get shows its limits.',
    queries: {
      stored: `sum(rate(taskqueue_client_tasks_submitted_total{${CLIENT}}[$__rate_interval]))`,
      refused: `sum(rate(taskqueue_client_tasks_refused_total{${CLIENT}}[$__rate_interval]))`,
    },
    width: 8,
  }),
  graph({
    title: 'Attempts by what they came to',
    unit: 'ops',
    about:
      'rejected: targets answer no. not_sent: not reached. ambiguous: no answer in time. Where: GET /v1/tasks?client_id=… lists them.',
    queries: { '{{class}}': `sum by (class) (rate(${attempts()}[$__rate_interval]))` },
    stacked: true,
    width: 8,
  }),
];

const largest = (title, about, unit, query) =>
  bars({
    title,
    unit,
    about,
    queries: { '{{client}}': `topk(10, ${query})` },
    link: toDashboard('client'),
  });

const all = [
  largest(
    'Most tasks',
    'Tasks alive. Click for one of them.',
    'short',
    'max by (client) (taskqueue_client_tasks{state="alive"})',
  ),
  largest(
    'Stores most',
    'Tasks a second; other is all that have no name in metrics.',
    'ops',
    'sum by (client) (rate(taskqueue_client_tasks_submitted_total[5m]))',
  ),
  largest(
    'Is refused most',
    'Tasks a second. It does not slow down by itself: tell its owner to heed Retry-After.',
    'ops',
    'sum by (client) (rate(taskqueue_client_tasks_refused_total[5m]))',
  ),
  largest(
    'Fails most',
    'Failed attempts a second; at which hosts, its tasks say: GET /v1/tasks?client_id=….',
    'ops',
    `sum by (client) (rate(taskqueue_client_attempts_total{${FAILED}}[5m]))`,
  ),
];

export const client = dashboard({
  name: 'client',
  title: 'Clients',
  about: 'One client, and who stands out: what it sends, what is held back, and what fails.',
  variables: [
    variable({
      name: 'client',
      label: 'Client',
      about: 'Those that have a name in metrics: METRICS_MAX_NAMES of them, the others are other.',
      values: `{${CHOSEN}, __name__=~"taskqueue_client_(tasks|tasks_submitted_total|attempts_total)"}`,
    }),
  ],
  rows: [
    { title: 'Client $client', panels: one },
    { title: 'All of them', panels: all },
  ],
});
