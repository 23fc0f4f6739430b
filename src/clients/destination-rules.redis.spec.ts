import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QueueHarness } from '../../test/support/queue-harness.js';
import type { RedisConnections } from '../redis/redis-connections.js';
import { withDestinations } from './client-destinations.js';
import { withSettings } from './client-settings.js';
import { DestinationRules } from './destination-rules.js';

const URL_OF_A = 'http://a.example/path';

let harness: QueueHarness;
let rules: DestinationRules;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  harness = await QueueHarness.start();
  rules = new DestinationRules({ producer: harness.redis } as unknown as RedisConnections);
});
afterEach(async () => {
  vi.useRealTimers();
  await harness.stop();
});

const deny = (id: string, ...patterns: string[]) =>
  harness.clients.change(
    id,
    (current) => {
      const record = current?.record ?? withSettings(undefined, {}, 1);
      const client = current ?? { id, record, limits: {}, version: '', stored: '' };
      return withDestinations(client, { allow: [], deny: patterns }, 2);
    },
    () => '',
  );
const spies = () => [vi.spyOn(harness.redis, 'get'), vi.spyOn(harness.redis, 'hget')];
const calls = (all: ReturnType<typeof spies>) => all.map(({ mock }) => mock.calls.length);
const askMany = async (clients: number) => {
  for (let round = 0; round < 20; round++)
    for (let n = 0; n < clients; n++) await rules.refusal(`client-${n}`, URL_OF_A);
};

it('where nobody has any, it asks once a second, whatever the number of tasks and clients', async () => {
  const asked = spies();
  await askMany(50);
  expect(calls(asked)).toEqual([1, 0]);
  vi.advanceTimersByTime(1001);
  await askMany(50);
  expect(calls(asked)).toEqual([2, 0]);
});

it('where somebody has some, it asks once for each client, until something is changed', async () => {
  await deny('client-0', 'a.example');
  const asked = spies();
  await askMany(50);
  expect(calls(asked)).toEqual([1, 50]);
  vi.advanceTimersByTime(1001);
  await askMany(50);
  expect(calls(asked)).toEqual([2, 50]);
  expect(await rules.refusal('client-0', URL_OF_A)).toContain('is denied');
  expect(await rules.refusal('client-1', URL_OF_A)).toBeUndefined();
  // Another change of a client is none of what it may call.
  await harness.clients.change(
    'client-0',
    (current) => withSettings(current, { enabled: false }, 3),
    () => '',
  );
  vi.advanceTimersByTime(1001);
  await askMany(50);
  expect(calls(asked)).toEqual([3, 50]);
});

it('hears of a change within a second, of one that takes everything away, too', async () => {
  await rules.refusal('client-0', URL_OF_A);
  for (const [patterns, isRefused] of [
    [['a.example'], true],
    [['b.example'], false],
    [['*'], true],
    [[], false],
  ] as const) {
    await deny('client-0', ...patterns);
    vi.advanceTimersByTime(1001);
    expect((await rules.refusal('client-0', URL_OF_A)) !== undefined, patterns.join()).toBe(isRefused);
  }
});

it('means an address also where another one embeds it', async () => {
  await deny('client-0', '8.8.8.0/24');
  vi.advanceTimersByTime(1001);
  expect(await rules.refusal('client-0', 'http://[64:ff9b::808:808]/')).toContain('is denied');
  expect(await rules.refusal('client-0', 'http://[64:ff9b::909:909]/')).toBeUndefined();
});

it('goes with the client when that is deleted', async () => {
  await deny('client-0', '*');
  await rules.refusal('client-0', URL_OF_A);
  await harness.clients.remove(
    'client-0',
    () => undefined,
    () => '',
  );
  vi.advanceTimersByTime(1001);
  expect(await rules.refusal('client-0', URL_OF_A)).toBeUndefined();
  expect(await harness.redis.exists('{tr}:destinations')).toBe(0);
});

it('while Redis is away, what is known goes on being used, and nothing is made up', async () => {
  await deny('client-0', 'a.example');
  await rules.refusal('client-0', URL_OF_A);
  const away = () => Promise.reject(new Error('Connection is closed.'));
  vi.spyOn(harness.redis, 'get').mockImplementation(away);
  vi.spyOn(harness.redis, 'hget').mockImplementation(away);
  vi.advanceTimersByTime(1001);
  expect(await rules.refusal('client-0', URL_OF_A)).toContain('is denied');
  await expect(rules.refusal('client-1', URL_OF_A)).rejects.toThrow('Connection is closed');
  const fresh = new DestinationRules({ producer: harness.redis } as unknown as RedisConnections);
  await expect(Promise.resolve(fresh.refusal('client-0', URL_OF_A))).rejects.toThrow('Connection is closed');
});
