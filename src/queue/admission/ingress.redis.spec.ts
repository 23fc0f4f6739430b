import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Proxy } from '../../../test/support/proxy.js';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { redisUrl } from '../../../test/support/test-app.js';
import { loadConfig } from '../../config/load-config.js';
import { HealthRegistry } from '../../health/health-registry.js';
import { AdmissionMetric } from '../../metrics/admission-metric.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { UNRECORDED } from './admission-rules.js';
import { Ingress } from './ingress.js';

const PER_SECOND = 50;
/** As long as a request for a thousand tokens takes to be paid for. */
const PERIOD_MS = 1000 + 1_000_000 / PER_SECOND;
const SETTINGS = { INGRESS_RPS: String(PER_SECOND) };

let harness: QueueHarness;
let clock: ManualClock;
const open: RedisConnections[] = [];
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start(SETTINGS, clock);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connections) => connections.close()));
  await harness.stop();
});

/** As another process would have it. */
async function process(environment: Record<string, string> = {}): Promise<Ingress> {
  const config = loadConfig({ REDIS_URL: redisUrl(), ...SETTINGS, ...environment });
  const connections = new RedisConnections(config, new HealthRegistry());
  open.push(connections);
  await connections.waitUntilReady();
  return new Ingress(config, connections, clock, new AdmissionMetric());
}

/** How many of so many requests at once are taken. */
async function taken(count: number, ...processes: Ingress[]): Promise<number> {
  const takes = Array.from({ length: count }, (_, n) => processes[n % processes.length]!.take('somebody'));
  return (await Promise.all(takes)).filter((waitMs) => waitMs === 0).length;
}

describe('the bound on requests per second', () => {
  it('takes as many at once as a second has, over all processes, and then as many as come back', async () => {
    const both = [await process(), await process()] as const;
    expect(await taken(3 * PER_SECOND, ...both)).toBe(PER_SECOND);
    clock.advance(100);
    expect(await taken(PER_SECOND, ...both)).toBe(PER_SECOND / 10);
    clock.advance(3_600_000);
    expect(await taken(2 * PER_SECOND, ...both)).toBe(PER_SECOND);
  });

  it('is of each sender, says when there is a token, and is forgotten with the last one given back', async () => {
    const ingress = await process();
    await taken(PER_SECOND, ingress);
    expect(await ingress.take('somebody')).toBe(1000 / PER_SECOND);
    expect(await ingress.take('somebody else')).toBe(0);
    clock.advance(1000 / PER_SECOND - 1);
    expect(await ingress.take('somebody')).toBe(1);
    clock.advance(1);
    expect(await ingress.take('somebody')).toBe(0);
    const [key, ...others] = await harness.redis.keys('{tr}:ingress:*');
    expect(others).toEqual([]);
    expect(await harness.redis.pttl(key!)).toBeLessThanOrEqual(2 * PERIOD_MS);
    expect(await harness.redis.pttl(key!)).toBeGreaterThan(0);
  });

  it('lets one large request through, and those that come after it pay for it', async () => {
    const ingress = await process();
    await taken(PER_SECOND - 1, ingress);
    expect(await ingress.take('somebody', 10 * PER_SECOND)).toBe(0);
    expect(await ingress.take('somebody')).toBe(10_000);
    clock.advance(10_000);
    expect(await taken(2, ingress)).toBe(1);
  });

  it('holds from one period to the next, and forgets who has nothing to pay', async () => {
    const ingress = await process();
    clock.advance(PERIOD_MS - (clock.now() % PERIOD_MS) - 1);
    expect(await ingress.take('somebody', 1000)).toBe(0);
    clock.advance(1);
    const owed = 1000 * (1000 / PER_SECOND) - 1000 - 1 + 1000 / PER_SECOND;
    expect(await ingress.take('somebody')).toBe(owed);
    clock.advance(PERIOD_MS - 1001);
    expect(await taken(PER_SECOND, ingress)).toBeGreaterThan(0);
    clock.advance(3 * PERIOD_MS);
    expect(await taken(2 * PER_SECOND, ingress)).toBe(PER_SECOND);
  });

  it('is of several at once, each by itself or all of them together', async () => {
    const ingress = await process();
    await taken(PER_SECOND, ingress);
    const asked = new Map([
      ['neighbour', 2 * PER_SECOND],
      ['somebody', 3],
      ['guest', 1],
    ]);
    const refused = new Map([['somebody', 1000 / PER_SECOND]]);
    const throttled = async () => {
      const text = await register.getSingleMetricAsString('taskqueue_enqueue_refused_total');
      return Number(/reason="throttled"} (\d+)/.exec(text)?.[1]);
    };
    const before = await throttled();
    expect(await ingress.takeEach(asked, true)).toEqual(refused);
    expect((await throttled()) - before).toBe(3);
    expect(await ingress.takeEach(asked)).toEqual(refused);
    // What they have taken is what they asked for, once.
    expect(await ingress.take('neighbour')).toBe((1 + PER_SECOND) * (1000 / PER_SECOND));
    expect(await taken(PER_SECOND, ingress, ingress)).toBe(0);
    expect(await ingress.takeEach(new Map([['guest', PER_SECOND]]))).toEqual(new Map());
  });

  it('counts what enqueues with what does not', async () => {
    const ingress = await process();
    await taken(PER_SECOND - 3, ingress);
    const admission = { version: UNRECORDED, principal: 'somebody' };
    const results = await Promise.all(
      Array.from({ length: 5 }, () => harness.queue.add(harness.task(), admission)),
    );
    const throttled = { kind: 'throttled', retryAfterMs: 1000 / PER_SECOND };
    expect(results.map(({ kind }) => kind).slice(0, 3)).toEqual(Array(3).fill('added'));
    expect(results.slice(3)).toEqual([throttled, throttled]);
    expect(await ingress.take('somebody')).toBe(1000 / PER_SECOND);
    expect((await harness.queue.add(harness.task(), { version: UNRECORDED })).kind).toBe('added');
  });

  it('costs a request that is stale nothing: it comes again', async () => {
    const ingress = await process();
    await taken(PER_SECOND - 1, ingress);
    const stale = await harness.queue.add(harness.task(), { version: 'old', principal: 'somebody' });
    expect(stale).toEqual({ kind: 'stale' });
    expect(await ingress.take('somebody')).toBe(0);
  });

  it('is none when it is 0, and when Redis is away', async () => {
    const proxy = await Proxy.to(redisUrl());
    const [none, away] = [await process({ INGRESS_RPS: '0' }), await process({ REDIS_URL: proxy.url })];
    expect(await taken(3 * PER_SECOND, none)).toBe(3 * PER_SECOND);
    proxy.cut();
    expect(await taken(3 * PER_SECOND, away)).toBe(3 * PER_SECOND);
    await proxy.stop();
  });
});
