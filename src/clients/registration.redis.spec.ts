import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { QueueHarness } from '../../test/support/queue-harness.js';
import { until } from '../../test/support/until.js';
import { loadConfig } from '../config/load-config.js';
import { UNRECORDED } from '../queue/admission/admission-rules.js';
import { ClientDirectory } from './client-directory.js';
import { withSettings } from './client-settings.js';
import { ClientHasTasks, TooManyClients } from './client-store.js';
import { ClientUpkeep } from './client-upkeep.js';

const DAY_MS = 86_400_000;
const MOST = 5;

let harness: QueueHarness;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock();
  harness = await QueueHarness.start({ CLIENTS_MAX: String(MOST) }, clock);
});
afterEach(async () => {
  await harness.stop();
});

const directory = (environment = {}) =>
  new ClientDirectory(loadConfig(environment), harness.clients, harness.tiers, clock);
const register = (id: string) => harness.clients.register(id, 'free');
const set = (id: string) =>
  harness.clients.change(
    id,
    (current) => withSettings(current, {}, clock.now()),
    () => '',
  );
const registered = () => harness.redis.zrange('{tr}:clients:seen', '0', '-1');
const everything = async (id: string) => {
  const keys = await harness.redis.keys('{tr}:*');
  const found: string[] = [];
  for (const key of keys) {
    const type = await harness.redis.type(key);
    if (type === 'hash' && (await harness.redis.hkeys(key)).some((field) => field.includes(id)))
      found.push(key);
    if (type === 'zset' && (await harness.redis.zscore(key, id)) !== null) found.push(key);
  }
  return found;
};

describe('a client that nobody knows', () => {
  it('is registered as free, once, however many of its requests come at the same time', async () => {
    const clients = directory();
    const registering = vi.spyOn(harness.clients, 'register');
    const found = await Promise.all(Array.from({ length: 50 }, () => clients.enrolled('newcomer')));
    expect(registering).toHaveBeenCalledTimes(1);
    expect(new Set(found.map((client) => client?.version)).size).toBe(1);
    expect(found[0]).toMatchObject({
      record: { tier: 'free', registeredBy: 'itself' },
      limits: { requestsPerMinute: 10, maxConcurrent: 1 },
    });
  });

  it('is one and the same when two processes register it', async () => {
    const both = await Promise.all([directory(), directory()].map((clients) => clients.enrolled('newcomer')));
    expect(both[0]).toEqual(both[1]);
    expect(await registered()).toEqual(['newcomer']);
  });

  it('gets the tier that the deployment says, and free when there is no such tier', async () => {
    expect(await directory({ UNKNOWN_CLIENT_TIER: 'premium' }).enrolled('one')).toMatchObject({
      record: { tier: 'premium' },
    });
    expect(await directory({ UNKNOWN_CLIENT_TIER: 'no-such' }).enrolled('two')).toMatchObject({
      record: { tier: 'free' },
    });
  });

  it.each([{ UNKNOWN_CLIENT_TIER: 'none' }, { AUTH_MODE: 'key' }, { NODE_ENV: 'production' }])(
    'stays unknown with %j',
    async (environment) => {
      expect(await directory(environment).enrolled('nobody')).toBeUndefined();
      expect(await everything('nobody')).toEqual([]);
    },
  );
});

describe('a client that has registered itself', () => {
  it('is forgotten without a trace when it was idle for long enough, but no other', async () => {
    await register('idle');
    await set('of-admin');
    clock.advance(20 * DAY_MS);
    await register('younger');
    clock.advance(10 * DAY_MS + 1);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(1);
    expect(await everything('idle')).toEqual([]);
    expect(await harness.clients.find('younger')).toBeDefined();
    expect(await harness.clients.find('of-admin')).toBeDefined();
  });

  it('is not forgotten while a task of it is alive', async () => {
    await register('patient');
    await harness.add(1, { clientId: 'patient', delayMs: 90 * DAY_MS });
    clock.advance(31 * DAY_MS);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(0);
    expect(await harness.redis.hget('{tr}:gates', 'c:patient')).toBe('0;;1;;');
  });

  it('is seen again about once an hour while it enqueues', async () => {
    const clients = directory();
    await clients.enrolled('busy');
    const saw = vi.spyOn(harness.clients, 'saw');
    for (let minute = 0; minute < 180; minute++) {
      clock.advance(60_000);
      await clients.enrolled('busy');
    }
    expect(saw).toHaveBeenCalledTimes(3);
    clock.advance(30 * DAY_MS - 3_600_000);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(0);
    clock.advance(3_600_001);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(1);
  });

  it('is of an admin from then on when one sets it', async () => {
    await register('promoted');
    await set('promoted');
    expect(await registered()).toEqual([]);
    clock.advance(60 * DAY_MS);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(0);
  });

  it('many are forgotten in pieces', async () => {
    await harness.stop();
    harness = await QueueHarness.start({}, clock);
    const ids = Array.from({ length: 450 }, (_, n) => `client-${n}`);
    await Promise.all(ids.map(register));
    clock.advance(31 * DAY_MS);
    expect(await harness.clients.forgetIdle(30 * DAY_MS)).toBe(450);
    expect(await harness.redis.hlen('{tr}:clients')).toBe(0);
  });
});

describe('the upkeep of clients', () => {
  it('forgets who was idle, and goes on with a tier that was changed by a process that died', async () => {
    await register('idle');
    await register('of-tier');
    await harness.redis.hset('{tr}:tiers', 'free', JSON.stringify({ maxConcurrent: 4, updatedAt: 1 }));
    await harness.redis.hset('{tr}:tiers:pending', 'free', '');
    const config = loadConfig({ CLIENT_IDLE_DAYS: '2' });
    const upkeep = new ClientUpkeep(config, harness.clients, harness.tiers, clock);
    upkeep.start();
    clock.advance(5000);
    await until(async () => (await harness.redis.hget('{tr}:gates', 'c:of-tier')) === '0;;4;;');
    clock.advance(DAY_MS);
    await harness.clients.saw('of-tier', clock.now());
    clock.advance(DAY_MS + 600_000);
    await until(async () => (await registered()).join() === 'of-tier');
    upkeep.onModuleDestroy();
    clock.advance(10 * DAY_MS);
    expect(await registered()).toEqual(['of-tier']);
  });
});

describe('the start', () => {
  const warned = async (environment: Record<string, string>) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const looked = vi.spyOn(harness.tiers, 'find');
    const upkeep = new ClientUpkeep(loadConfig(environment), harness.clients, harness.tiers, clock);
    upkeep.start();
    await Promise.all(looked.mock.results.map(({ value }) => value as unknown));
    const texts = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('UNKNOWN'));
    upkeep.onModuleDestroy();
    vi.restoreAllMocks();
    return texts;
  };

  it('warns of a tier for unknown clients that is not there, and of no other', async () => {
    expect(await warned({ UNKNOWN_CLIENT_TIER: 'golden' })).toEqual([
      expect.stringContaining('there is no tier golden'),
    ]);
    await harness.redis.hset('{tr}:tiers', 'golden', JSON.stringify({ maxConcurrent: 4, updatedAt: 1 }));
    expect(await warned({ UNKNOWN_CLIENT_TIER: 'golden' })).toEqual([]);
    expect(await warned({ UNKNOWN_CLIENT_TIER: 'none' })).toEqual([]);
    expect(await warned({ UNKNOWN_CLIENT_TIER: 'absent', AUTH_MODE: 'key' })).toEqual([]);
  });
});

describe('clients that register themselves are bounded in number', () => {
  const fill = async () => {
    for (let n = 0; n < MOST; n++) {
      clock.advance(1000);
      await register(`client-${n}`);
    }
  };

  it('the one that was idle for longest makes room', async () => {
    await fill();
    await harness.clients.saw('client-0', clock.now() + 1);
    await register('newcomer');
    expect((await registered()).toSorted()).toEqual([
      'client-0',
      'client-2',
      'client-3',
      'client-4',
      'newcomer',
    ]);
    expect(await everything('client-1')).toEqual([]);
  });

  it('one of which a task is alive makes none, and when all have some there is no room', async () => {
    await fill();
    for (const n of [0, 1, 2, 3]) await harness.add(1, { clientId: `client-${n}`, delayMs: DAY_MS });
    await register('newcomer');
    expect(await registered()).not.toContain('client-4');
    await harness.add(1, { clientId: 'newcomer', delayMs: DAY_MS });
    await expect(register('one-more')).rejects.toThrow(TooManyClients);
    expect(await everything('one-more')).toEqual([]);
    // Those that admins set do not count.
    await set('of-admin');
    expect(await harness.clients.find('of-admin')).toBeDefined();
  });
});

describe('deleting a client', () => {
  const remove = (id: string) =>
    harness.clients.remove(
      id,
      () => undefined,
      () => '',
    );

  it('is refused while tasks of it are alive, and leaves no trace when none is', async () => {
    await set('client-a');
    const [task] = await harness.add(1, { clientId: 'client-a', delayMs: DAY_MS });
    await expect(remove('client-a')).rejects.toThrow(ClientHasTasks);
    expect(await harness.redis.hget('{tr}:gates', 'c:client-a')).toBe('0;;1;;');
    await harness.queue.cancel(task!.id);
    expect(await remove('client-a')).toBe(true);
    const left = await everything('client-a');
    // The task that was cancelled is history, and its own.
    expect(left.filter((key) => !key.includes(task!.id))).toEqual([]);
    expect(await remove('client-a')).toBe(false);
  });

  it('gives it another version when it comes back: what was known of it before is stale', async () => {
    const before = await set('client-a');
    await remove('client-a');
    expect((await set('client-a')).version).not.toBe(before.version);
  });
});

describe('the version of a client', () => {
  it('is another one after every change, of its tier too, and never one that was', async () => {
    const versions: (string | undefined)[] = [];
    for (let n = 1; n <= 20; n++) {
      versions.push((await set('client-a')).version);
      await harness.tiers.change(
        'free',
        () => ({ requestsPerMinute: n }),
        () => '',
      );
      versions.push((await harness.clients.find('client-a'))?.version);
      if (n % 5 === 0)
        await harness.clients.remove(
          'client-a',
          () => undefined,
          () => '',
        );
    }
    expect(new Set(versions).size).toBe(40);
    expect(versions).not.toContain(UNRECORDED);
  });
});
