import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { until } from '../../test/support/until.js';
import type { AuditLine } from '../audit/audit-line.js';
import { withSettings } from './client-settings.js';
import { NoSuchTier } from './client-store.js';
import { scripts } from './scripts.js';
import type { Limits } from './tier.js';
import { TierInUse, TooManyTiers } from './tier-store.js';

const MANY = 10_000 * Number(process.env['TEST_SCALE'] ?? 1);

let harness: QueueHarness;
beforeEach(async () => {
  harness = await QueueHarness.start();
});
afterEach(async () => {
  await harness.stop();
});

const unaudited: AuditLine = () => '';
const put = (name: string, limits: Limits) => harness.tiers.change(name, () => limits, unaudited);
const remove = (name: string) => harness.tiers.change(name, () => undefined, unaudited);
const setClient = (id: string, settings: Parameters<typeof withSettings>[1]) =>
  harness.clients.change(id, (current) => withSettings(current, settings, 1), unaudited);
const gateOf = (id: string) => harness.redis.hget('{tr}:gates', `c:${id}`);
const admissionOf = async (id: string) =>
  (await harness.redis.hget('{tr}:admission', id))?.split(';').slice(1);

async function manyClients(tier: string): Promise<string[]> {
  const ids = Array.from({ length: MANY }, (_, n) => `client-${n}`);
  for (let at = 0; at < ids.length; at += 500)
    await Promise.all(ids.slice(at, at + 500).map((id) => setClient(id, { tier })));
  return ids;
}

describe('limits that a tier gets', () => {
  it('hold for all of its 10,000 clients, and no call deals with more than a hundred of them', async () => {
    const ids = await manyClients('basic');
    await setClient('elsewhere', { tier: 'premium' });
    await setClient('own-limit', { tier: 'basic', maxConcurrent: 2 });
    await setClient('disabled', { tier: 'basic', enabled: false });
    const versions = await harness.redis.hmget('{tr}:admission', ...ids);
    const apply = vi.spyOn(scripts.applyTier, 'run');
    const tier = await put('basic', { requestsPerMinute: 77, maxConcurrent: 7 });
    expect(tier).toMatchObject({ clients: MANY + 2, isApplied: true });
    expect(apply.mock.calls.length).toBeGreaterThan(MANY / 100);

    const gates = await harness.redis.hmget('{tr}:gates', ...ids.map((id) => `c:${id}`));
    expect(new Set(gates)).toEqual(new Set(['0;;7;;']));
    const admissions = await harness.redis.hmget('{tr}:admission', ...ids);
    expect(new Set(admissions.map((text) => text!.slice(text!.indexOf(';'))))).toEqual(new Set([';1;77;']));
    // Whoever knows a client looks at it again.
    const known = new Set(versions.map((text) => text!.split(';')[0]));
    expect(admissions.filter((text) => known.has(text!.split(';')[0]))).toEqual([]);
    expect(await gateOf('elsewhere')).toBe('0;;20;;');
    expect(await gateOf('own-limit')).toBe('0;;2;;');
    expect(await gateOf('disabled')).toBe('1;;7;;');
    expect(await admissionOf('disabled')).toEqual(['0', '77', '']);
  });

  it('reach the rest by another process when this one dies half-way', async () => {
    const ids = await manyClients('basic');
    const run = scripts.applyTier.run.bind(scripts.applyTier);
    let calls = 0;
    const apply = vi.spyOn(scripts.applyTier, 'run').mockImplementation((...args) => {
      if (++calls > MANY / 300) throw new Error('killed');
      return run(...args);
    });
    await expect(put('basic', { maxConcurrent: 9 })).rejects.toThrow('killed');
    const reached = async () =>
      (await harness.redis.hmget('{tr}:gates', ...ids.map((id) => `c:${id}`))).filter(
        (gate) => gate === '0;;9;;',
      ).length;
    expect(await harness.tiers.find('basic')).toMatchObject({ isApplied: false });
    expect(await reached()).toBeLessThan(MANY);

    apply.mockImplementation(run);
    await Promise.all([harness.tiers.applyPending(), harness.tiers.applyPending()]);
    expect(await reached()).toBe(MANY);
    expect(await harness.tiers.find('basic')).toMatchObject({ isApplied: true });
    // Those that were reached before were not looked at again.
    expect(calls).toBeLessThanOrEqual(MANY / 100 + 3);
  });

  it('are those of the last change when several are made at once, for clients that come meanwhile, too', async () => {
    for (let n = 0; n < 250; n++) await setClient(`early-${n}`, { tier: 'basic' });
    const changes = Array.from({ length: 10 }, (_, n) => put('basic', { maxConcurrent: n + 1 }));
    const comers = Array.from({ length: 100 }, (_, n) => setClient(`late-${n}`, { tier: 'basic' }));
    await Promise.all([...changes, ...comers]);
    const { limits } = (await harness.tiers.find('basic'))!;
    const gates = Object.values(await harness.redis.hgetall('{tr}:gates'));
    expect(gates).toHaveLength(350);
    expect(new Set(gates)).toEqual(new Set([`0;;${limits.maxConcurrent};;`]));
  });

  it('let in what they held back', async () => {
    await put('narrow', { maxConcurrent: 1 });
    await setClient('client-a', { tier: 'narrow' });
    let running = 0;
    let most = 0;
    const held: (() => void)[] = [];
    harness.worker(20, async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => held.push(resolve));
      running--;
      return { kind: 'complete' };
    });
    await harness.add(10, { clientId: 'client-a' });
    await until(() => held.length === 1);
    await put('narrow', { maxConcurrent: 6 });
    await until(() => held.length === 6);
    for (let n = 0; n < 10; n++) {
      await until(() => held.length > 0);
      held.shift()!();
    }
    await until(async () => (await harness.redis.zcard('{tr}:default:completed')) === 10);
    expect(most).toBe(6);
  });

  it('can be none', async () => {
    await put('boundless', {});
    await setClient('client-a', { tier: 'boundless' });
    expect(await gateOf('client-a')).toBeNull();
    expect(await admissionOf('client-a')).toEqual(['1', '', '']);
    await put('boundless', { maxConcurrent: 3 });
    expect(await gateOf('client-a')).toBe('0;;3;;');
    await put('boundless', {});
    expect(await gateOf('client-a')).toBeNull();
  });
});

describe('a tier', () => {
  it('that clients have is not deleted; nobody gets one that is not there', async () => {
    await expect(setClient('client-a', { tier: 'gold' })).rejects.toThrow(NoSuchTier);
    expect(await harness.clients.find('client-a')).toBeUndefined();
    await put('gold', { maxConcurrent: 3 });
    await setClient('client-a', { tier: 'gold' });
    await expect(remove('gold')).rejects.toThrow(TierInUse);
    await setClient('client-a', { tier: 'free' });
    expect(await remove('gold')).toBeUndefined();
    await expect(setClient('client-a', { tier: 'gold' })).rejects.toThrow(NoSuchTier);
    expect(await harness.clients.find('client-a')).toMatchObject({ record: { tier: 'free' } });
  });

  it('that is built in gets the limits that it comes with, and its clients have them', async () => {
    await setClient('client-a', { tier: 'free' });
    await put('free', { requestsPerMinute: 1000, maxConcurrent: 50 });
    expect(await gateOf('client-a')).toBe('0;;50;;');
    expect(await remove('free')).toMatchObject({ limits: { requestsPerMinute: 10, maxConcurrent: 1 } });
    expect(await gateOf('client-a')).toBe('0;;1;;');
    expect(await admissionOf('client-a')).toEqual(['1', '10', '']);
  });

  it('is one of a bounded number', async () => {
    const puts = Array.from({ length: 100 }, (_, n) => put(`tier-${n}`, { maxConcurrent: 1 }));
    await Promise.all(puts);
    await expect(put('one-more', { maxConcurrent: 1 })).rejects.toThrow(TooManyTiers);
    await put('tier-0', { maxConcurrent: 2 });
    await put('free', { maxConcurrent: 2 });
    expect((await harness.tiers.all()).map(({ name }) => name).slice(0, 5)).toEqual([
      'free',
      'basic',
      'premium',
      'enterprise',
      'tier-0',
    ]);
  });
});
