import { dashboard, variable } from './dashboard.mjs';
import { toDashboard } from './links.mjs';
import { bars, CHOSEN, graph, stat, table } from './panels.mjs';
import { FAILED } from './queries.mjs';

const HOST = 'host=~"$host"';
const attempts = (...labels) => `taskqueue_host_attempts_total{${[HOST, ...labels].join(', ')}}`;
const mean = (labels, range) =>
  `sum(rate(taskqueue_host_attempt_seconds_total{${labels}}[${range}])) / sum(rate(taskqueue_host_attempts_total{${labels}}[${range}]))`;

const one = [
  stat({
    title: 'Its attempts that fail',
    unit: 'percentunit',
    about:
      'Of the last five minutes. GET /admin/circuits/https:{host} says what the last error was, and when it is tried again.',
    queries: { failed: `sum(rate(${attempts(FAILED)}[5m])) / sum(rate(${attempts()}[5m]))` },
    steps: { orange: 0.05, red: 0.25 },
    width: 8,
  }),
  stat({
    title: 'Duration of its attempts',
    unit: 's',
    about:
      'The mean of five minutes. A slow host keeps slots busy: limit how many may run (PUT /admin/circuits/{host}/limits).',
    queries: { mean: mean(HOST, '5m') },
    width: 8,
  }),
  stat({
    title: 'Tasks that it holds',
    unit: 'short',
    about:
      'By the state of its circuit; closed: held by its limits, or by Retry-After. They use no try. Nothing: it holds none. Let them go: docs/operating/circuits.md.',
    queries: { '{{state}}': `max by (state) (taskqueue_host_deferred_tasks{${HOST}})` },
    steps: { orange: 1 },
    width: 8,
  }),
  graph({
    title: 'Attempts by what they came to',
    unit: 'ops',
    about:
      'rejected: it answers no. not_sent: DNS, TLS, refused connections. ambiguous: no answer in time. A few a minute: it is being probed.',
    queries: { '{{class}}': `sum by (class) (rate(${attempts()}[$__rate_interval]))` },
    stacked: true,
    width: 8,
  }),
  graph({
    title: 'Duration over time',
    unit: 's',
    about: 'It grows before it fails: the host is overloaded. Limit what it gets.',
    queries: { mean: mean(HOST, '$__rate_interval') },
    width: 8,
  }),
  graph({
    title: 'Tasks held over time',
    unit: 'short',
    about: 'After an outage they are let in step by step (ramping).',
    queries: { '{{state}}': `max by (state) (taskqueue_host_deferred_tasks{${HOST}})` },
    stacked: true,
    width: 8,
  }),
];

const all = [
  graph({
    title: 'Hosts whose circuit is not closed',
    unit: 'short',
    about: 'Many at once: it is this network, its DNS or its proxy (EGRESS_PROXY), not the hosts.',
    queries: { '{{state}}': 'max by (state) (taskqueue_circuits)' },
    stacked: true,
  }),
  graph({
    title: 'Circuits that changed',
    unit: 'short',
    about:
      'In five minutes. One that opens and closes all the time is below CB_FAILURE_THRESHOLD: limit what it gets.',
    queries: { '{{to}}': 'sum by (to) (increase(taskqueue_circuit_changes_total[5m]))' },
  }),
  bars({
    title: 'Hosts that fail most',
    unit: 'ops',
    about: 'Failed attempts a second; other is all that have no name in metrics. Click for one of them.',
    queries: { '{{host}}': `topk(10, sum by (host) (rate(taskqueue_host_attempts_total{${FAILED}}[5m])))` },
    link: toDashboard('host'),
  }),
  bars({
    title: 'Slots that hosts keep busy',
    unit: 'short',
    about:
      'Time of attempts per second: as many slots it has on average. Who keeps most of them holds up the others.',
    queries: { '{{host}}': 'topk(10, sum by (host) (rate(taskqueue_host_attempt_seconds_total[5m])))' },
    link: toDashboard('host'),
  }),
  table({
    title: 'Hosts that hold tasks',
    unit: 'short',
    about: 'With the state of their circuit. GET /admin/circuits names all, why, and until when.',
    queries: { '': 'sort_desc(max by (host, state) (taskqueue_host_deferred_tasks))' },
    width: 12,
  }),
  stat({
    title: 'Hosts remembered',
    unit: 'short',
    about:
      'Of 100,000 at most; then the circuits of new hosts do not work. See docs/operating/circuits.md, Limits.',
    queries: { hosts: 'max(taskqueue_circuit_hosts_remembered)' },
    steps: { orange: 90_000 },
    width: 12,
  }),
];

export const host = dashboard({
  name: 'host',
  title: 'Hosts',
  about: 'One host that tasks call, and which of them are in trouble.',
  variables: [
    variable({
      name: 'host',
      label: 'Host',
      about: 'Those that have a name in metrics: METRICS_MAX_NAMES of them, the others are other.',
      values: `{${CHOSEN}, __name__=~"taskqueue_host_(attempts_total|deferred_tasks)"}`,
    }),
  ],
  rows: [
    { title: 'Host $host', panels: one },
    { title: 'All of them', panels: all },
  ],
});
