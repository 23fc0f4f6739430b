import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/load-config.js';
import { EventStream } from '../../src/events/event-stream.js';
import { HealthRegistry } from '../../src/health/health-registry.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';
import { EventListener } from '../support/event-listener.js';
import { type Product, startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

// One that reads nothing, and ten that read everything. TEST_SCALE=5 is 10,000 events a second.
const PER_SECOND = 2000 * Number(process.env['TEST_SCALE'] ?? 1);
const MOST_SECONDS = 60;
const FAST = 10;
const PADDING = 'x'.repeat(400);

let product: Product;
let connections: RedisConnections;
beforeEach(async () => {
  product = await startProduct({ MODE: 'api', REDIS_URL: redisUrl() });
  connections = new RedisConnections(loadConfig({ REDIS_URL: redisUrl() }), new HealthRegistry());
  await connections.waitUntilReady();
});
afterEach(async () => {
  product.child.kill('SIGKILL');
  await Promise.all([product.ended, connections.close()]);
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${product.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1] ?? 0,
  );
}

/** Counts what comes, and what of it comes out of order. */
class Count {
  events = 0;
  wrong = 0;
  take(text: string): void {
    const at = text.indexOf('"nth":');
    if (at < 0) return;
    if (parseInt(text.slice(at + 6), 10) !== this.events) this.wrong++;
    this.events++;
  }
}

async function listenFast(nth: number): Promise<Count> {
  const count = new Count();
  if (nth % 2 === 0) {
    const listener = await EventListener.to(`${product.url}/v1/events?kinds=task.submitted`);
    await listener.ready();
    listener.onFrame = (frame) => {
      count.take(frame);
    };
    return count;
  }
  const socket = new WebSocket(`${product.url.replace('http', 'ws')}/ws?kinds=task.submitted`);
  let isReady = false;
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    isReady ||= text.includes('"ready"');
    count.take(text);
  });
  await until(() => isReady);
  return count;
}

/** Publishes at the rate until it is told to stop. */
async function publish(isOver: () => boolean): Promise<number> {
  const stream = new EventStream(loadConfig({ REDIS_URL: redisUrl() }), connections);
  const since = performance.now();
  let sent = 0;
  while (!isOver() && performance.now() - since < MOST_SECONDS * 1000) {
    const due = Math.floor(((performance.now() - since) * PER_SECOND) / 1000) - sent;
    const batch = Array.from({ length: Math.min(due, 500) }, () => ({
      kind: 'task.submitted' as const,
      clientId: 'me-too',
      queue: 'default',
      data: { nth: sent++, padding: PADDING },
    }));
    if (batch.length > 0) await stream.append(batch);
    if (batch.length < 500) await sleep(10);
  }
  return sent;
}

it('a listener that does not read is sent away with a word for it, and the others miss nothing', async () => {
  const slow = new WebSocket(`${product.url.replace('http', 'ws')}/ws?kinds=task.submitted`);
  let closed: { code: number; reason: string } | undefined;
  slow.on('close', (code, reason) => (closed = { code, reason: reason.toString() }));
  await new Promise((resolve) => slow.once('message', resolve));
  const counts = await Promise.all(Array.from({ length: FAST }, (_, nth) => listenFast(nth)));
  const before = await metric('process_resident_memory_bytes');
  slow.pause();
  let isSentAway = false;
  const since = performance.now();
  const watching = until(
    async () => (await metric('taskqueue_event_listeners_sent_away_total{reason="too_slow"}')) === 1,
    { timeoutMs: MOST_SECONDS * 1000, every: 100 },
  ).then(() => {
    isSentAway = true;
    slow.resume();
  });
  const sent = await publish(() => isSentAway && performance.now() - since > 10_000);
  await watching;
  const seconds = (performance.now() - since) / 1000;
  expect(await until(() => closed, { timeoutMs: 15_000 })).toEqual({ code: 4008, reason: 'too_slow' });
  await until(() => counts.every(({ events }) => events === sent), { timeoutMs: 30_000 }).catch(
    () => undefined,
  );
  expect(counts.map(({ events }) => events)).toEqual(counts.map(() => sent));
  expect(counts.map(({ wrong }) => wrong)).toEqual(counts.map(() => 0));
  const grown = (await metric('process_resident_memory_bytes')) - before;
  process.stdout.write(
    `slow-listener: ${sent} events in ${seconds.toFixed(1)} s (${Math.round(sent / seconds)}/s) to ${FAST} listeners, missed 0, the slow one sent away; memory ${Math.round(grown / 1e6)} MB more\n`,
  );
  expect(grown).toBeLessThan(200e6);
});
