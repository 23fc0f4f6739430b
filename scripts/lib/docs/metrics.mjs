import { CATALOGUE } from '../../../dist/metrics/catalogue.js';

const INTRODUCTION = `<!-- Written by \`npm run docs\` from src/metrics; do not edit. -->

# Metrics

\`GET /metrics\` of every process, in the text format of Prometheus. \`METRICS_TOKEN\` closes it to those who do not send it
(\`Authorization: Bearer\`); the admin key opens it, too. What to look at, and when, is in
[operating/monitoring.md](operating/monitoring.md).

Labels are bounded: none is a task, a URL, or a name that somebody else chooses without a limit. What a label is bounded by
stands behind it. The role says which processes have a metric: \`api\` and \`worker\` as in \`MODE\`; with \`MODE=both\` a
process has all of them. A metric that the store has to be asked for has no values while it cannot be asked.
`;

const ROLES = { api: 'api', worker: 'worker', both: 'api, worker' };

/** @returns {string} the page docs/metrics.md */
export function metricsReference() {
  return [INTRODUCTION, ...CATALOGUE.map(section)].join('\n');
}

function section({ title, about, metrics }) {
  const rows = metrics.map((metric) => [
    `\`${metric.name}\``,
    metric.type,
    ROLES[metric.role],
    Object.entries(metric.labels)
      .map(([label, bound]) => `\`${label}\` (${bound})`)
      .join(', '),
    metric.help + (metric.buckets ? ` Buckets: ${metric.buckets.join(', ')}.` : ''),
  ]);
  const head = ['Metric', 'Type', 'Role', 'Labels', 'What it is'];
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `## ${title}\n\n${about}\n\n${lines.join('\n')}\n`;
}
