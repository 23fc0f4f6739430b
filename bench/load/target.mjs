// The target of all tasks, a process of its own. Counts what arrives by the label in its path (`/a`, `/b`) and how
// long it took from the time in its body.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { serve } from '../lib/ops.mjs';
import { quantile } from '../lib/stats.mjs';
import { Messages } from './messages.mjs';
import { nowUs, readStamp } from './stamp.mjs';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';
const COUNT_EVERY_MS = 5;
const MAX_SAMPLES = 1_000_000;

/** @type {Map<string, { count: number, latencies: number[] }>} */
const labels = new Map();
let total = 0;
let reported = 0;
let answerAfterMs = 0;
/** When a label has so many, the counts of all are kept. */
let limit = Number.POSITIVE_INFINITY;
let countsAtLimit;

const server = createServer({ noDelay: true }, (socket) => {
  const messages = new Messages();
  const answer = () => socket.write(ANSWER);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    for (const message of messages.push(chunk)) {
      arrived(message);
      if (answerAfterMs > 0) setTimeout(answer, answerAfterMs);
      else answer();
    }
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');

// The generator keeps the number of tasks on their way within bounds.
setInterval(() => {
  if (total === reported || !process.connected) return;
  reported = total;
  process.send({ delivered: total });
}, COUNT_EVERY_MS).unref();

serve({
  port: () => server.address().port,
  counts,
  countsAtLimit: () => countsAtLimit,
  arm: (count) => {
    limit = count;
  },
  answerAfter: (ms) => {
    answerAfterMs = ms;
  },
  forgetLatencies: () => {
    for (const label of labels.values()) label.latencies = [];
  },
  latencies: (name) => summarise(labels.get(name)?.latencies ?? []),
});

function arrived({ head, body }) {
  total++;
  const name = head.slice(head.indexOf('/') + 1, head.indexOf(' HTTP/'));
  const label = labels.get(name) ?? newLabel(name);
  label.count++;
  if (label.latencies.length < MAX_SAMPLES) label.latencies.push(nowUs() - readStamp(body));
  if (label.count >= limit) countsAtLimit ??= counts();
}

function newLabel(name) {
  const label = { count: 0, latencies: [] };
  labels.set(name, label);
  return label;
}

function counts() {
  return Object.fromEntries([...labels].map(([name, { count }]) => [name, count]));
}

function summarise(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const ms = (q) => quantile(sorted, q) / 1000;
  return { count: sorted.length, p50: ms(0.5), p99: ms(0.99) };
}
