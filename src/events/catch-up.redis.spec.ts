import { afterEach, beforeEach, expect, it } from 'vitest';
import { redisUrl } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { loadConfig } from '../config/load-config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { ListenerMetric } from '../metrics/listener-metric.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { EventDemand } from './event-demand.js';
import { EventHub } from './event-hub.js';
import { EventStream } from './event-stream.js';
import type { StoredEvent } from './event.js';
import { Listener, type ListenerSink } from './listener.js';

const config = loadConfig({ REDIS_URL: redisUrl(), EVENTS_MAX_STORED: '1000' });

let connections: RedisConnections;
let stream: EventStream;
let hub: EventHub;
let demand: EventDemand;
beforeEach(async () => {
  connections = new RedisConnections(config, new HealthRegistry());
  await connections.waitUntilReady();
  await connections.producer.flushdb();
  stream = new EventStream(config, connections);
  demand = new EventDemand(connections);
  hub = new EventHub(config, demand, stream, new ListenerMetric());
});
afterEach(async () => {
  hub.onModuleDestroy();
  demand.onModuleDestroy();
  await connections.close();
});

/** Takes what it is sent only when it is told to. */
class SlowSink implements ListenerSink {
  readonly heard: StoredEvent[] = [];
  isOpen = true;
  isReady = false;
  private drain: () => void = () => undefined;

  write(events: readonly StoredEvent[]): boolean {
    this.heard.push(...events);
    return this.isOpen;
  }
  onDrain(listener: () => void): void {
    this.drain = listener;
  }
  open(): void {
    this.isOpen = true;
    this.drain();
  }
  ready(): void {
    this.isReady = true;
  }
  end(): void {
    this.isReady = false;
  }
}

let sent = 0;
async function publish(count: number): Promise<void> {
  const one = () => ({
    kind: 'task.submitted' as const,
    clientId: 'c',
    queue: 'default',
    data: { nth: sent++ },
  });
  for (let left = count; left > 0; left -= 500)
    await stream.append(Array.from({ length: Math.min(left, 500) }, one));
}

function listen(sink: ListenerSink, lastEventId: string): void {
  const mayStay = () => Promise.resolve(true);
  const about = { audience: { kind: 'all' } as const, filter: {}, lastEventId, mayStay };
  hub.add(new Listener(sink, about, config.events.bufferBytes));
}

const nth = ({ json }: StoredEvent) => Number(/"nth":(\d+)/.exec(json)?.[1]);

it('one that takes what it has missed more slowly than the stream forgets is told of the gap', async () => {
  sent = 0;
  await publish(1);
  const from = await stream.lastId();
  await publish(900);
  const sink = new SlowSink();
  sink.isOpen = false;
  listen(sink, from);
  await until(() => sink.heard.some(({ kind }) => kind === 'task.submitted'));
  await publish(5000);
  sink.open();
  const events = () => sink.heard.filter(({ kind }) => kind === 'task.submitted');
  await until(() => sink.isReady && events().map(nth).at(-1) === sent - 1);
  const told = sink.heard.flatMap((each, at) =>
    at > 0 && sink.heard[at - 1]!.kind === 'gap' ? [nth(each)] : [],
  );
  const missed = events()
    .map(nth)
    .filter((each, at, all) => at > 0 && each !== all[at - 1]! + 1);
  expect(missed.length).toBeGreaterThan(0);
  expect(told).toEqual(expect.arrayContaining(missed));
});

it('one that names an event that is yet to come is told of a gap, and of all that comes then', async () => {
  sent = 0;
  await publish(3);
  const sink = new SlowSink();
  listen(sink, '9999999999999-0');
  await until(() => sink.isReady);
  await publish(2);
  await until(() => sink.heard.length === 3);
  expect(sink.heard.map((event) => (event.kind === 'gap' ? 'gap' : nth(event)))).toEqual(['gap', 3, 4]);
});
