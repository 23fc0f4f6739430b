import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QueueHarness } from '../../../test/support/queue-harness.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { RedisQueueRegistry } from './queue-registry.js';

let harness: QueueHarness;
const registry = () =>
  new RedisQueueRegistry({ producer: harness.redis } as unknown as RedisConnections, harness.gates);

beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await harness.stop();
});

it('asks Redis once for many tasks, and not at all for a queue it has just changed', async () => {
  const queues = registry();
  await queues.change('reports', () => ({ lane: 'low' }));
  const asked = [vi.spyOn(harness.redis, 'hgetall'), vi.spyOn(harness.redis, 'hget')];
  for (let n = 0; n < 100; n++) {
    expect(await queues.find('reports')).toEqual({ name: 'reports', settings: { lane: 'low' } });
    expect(await queues.find('normal')).toEqual({ name: 'default', settings: { lane: 'default' } });
  }
  expect(asked.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
});

it('hears of what another process changed after a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const [here, there] = [registry(), registry()];
  await there.change('reports', () => ({ lane: 'low' }));
  await here.find('reports');
  await there.change('reports', () => ({ lane: 'high' }));
  expect(await here.find('reports')).toMatchObject({ settings: { lane: 'low' } });
  vi.advanceTimersByTime(1001);
  expect(await here.find('reports')).toMatchObject({ settings: { lane: 'high' } });
});

it('finds at once what another process created', async () => {
  const [here, there] = [registry(), registry()];
  expect(await here.find('reports')).toBeUndefined();
  await there.change('reports', () => ({ lane: 'low' }));
  expect(await here.find('reports')).toMatchObject({ settings: { lane: 'low' } });
});

it('a name that no queue can have is not looked for', async () => {
  const asked = vi.spyOn(harness.redis, 'hgetall');
  expect(await registry().find('No Queue')).toBeUndefined();
  expect(asked).not.toHaveBeenCalled();
});
