import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisNode } from '../../../test/support/redis-node.js';
import { until } from '../../../test/support/until.js';
import { loadConfig } from '../../config/load-config.js';
import { ConnectionLog } from '../connection-log.js';
import { openReplica } from '../open-connection.js';
import { isUnavailable } from '../unavailable.js';
import { lookAt, Replicas } from './replicas.js';

const IN_MEMORY = ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0'];
const NONE = 'no replica has taken it over';

let nodes: RedisNode[];
let master: RedisNode;
let one: RedisNode;
let other: RedisNode;
let replicas: Replicas;
let open: Redis[];
beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  nodes = [];
  open = [];
  master = await node();
  [one, other] = await Promise.all([replicaOf(master), replicaOf(master)]);
  replicas = new Replicas((follower) =>
    openReplica(follower, { config: loadConfig({}), log: new ConnectionLog(new Logger()) }),
  );
  await follows(2);
});
afterEach(async () => {
  replicas.close();
  for (const redis of open) redis.disconnect();
  await Promise.all(nodes.map((each) => each.remove()));
});

async function node(...settings: string[]): Promise<RedisNode> {
  const started = await RedisNode.start([...IN_MEMORY, ...settings]);
  nodes.push(started);
  return started;
}

function replicaOf({ port }: RedisNode): Promise<RedisNode> {
  return node(`replicaof 127.0.0.1 ${port}`);
}

const names = ({ port }: RedisNode) => `127.0.0.1:${port}`;

/** Waits until a master has so many replicas that are in step. */
async function follows(count: number, at = master): Promise<void> {
  const confirmed = async (redis: Redis) => {
    await redis.incr('x');
    return redis.wait(count, 500);
  };
  await until(async () => (await at.ask(confirmed)) >= count, { timeoutMs: 20_000 });
}

/** As Sentinel does it: all connections are ended in the same moment. */
async function promote(replica: RedisNode): Promise<void> {
  await replica.ask((redis) =>
    redis.multi().replicaof('NO', 'ONE').call('CLIENT', 'KILL', 'TYPE', 'normal').exec(),
  );
}

function hang(replica: RedisNode): Promise<void> {
  replica.signal('SIGSTOP');
  return Promise.resolve();
}

function wake(replica: RedisNode): Promise<void> {
  replica.signal('SIGCONT');
  return Promise.resolve();
}

function connect(to: RedisNode): Redis {
  const redis = new Redis(to.url, { retryStrategy: () => 10 });
  redis.on('error', () => undefined);
  open.push(redis);
  return redis;
}

/** Writes to a master; gives why that does not count, or nothing. */
async function write(to = connect(master)): Promise<string | undefined> {
  await to.incr('x');
  return replicas.confirm(to);
}

/** Waits until what a replica lacks that was waited for counts. */
async function excused(redis: Redis): Promise<void> {
  await until(async () => (await write(redis)) === undefined, { timeoutMs: 20_000 });
}

describe('what was written', () => {
  it('counts when all replicas have it, which then are waited for', async () => {
    expect(await write()).toBe(undefined);
    await until(async () => (await write()) === undefined && replicas.awaited === 2);
    const values = await Promise.all([one, other].map((each) => each.ask((redis) => redis.get('x'))));
    expect(values).toEqual([await master.ask((redis) => redis.get('x')), values[0]]);
    expect(replicas.excused).toBe(0);
  });

  it('does not count from the moment on at which a replica is promoted, though another one has it', async () => {
    const redis = connect(master);
    await write(redis);
    await promote(one);
    const closed = new Promise((resolve) => redis.once('close', resolve));
    expect(await write(redis)).toBe(`${names(one)}, a replica before, is a master, too`);
    // To ask again where the master is.
    await closed;
    expect(await other.ask((at) => at.get('x'))).toBe(await redis.get('x'));
    expect(await replicas.look(await lookAt(redis))).toBe(true);
    await one.ask((at) => at.replicaof('127.0.0.1', master.port));
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
  });

  it('does not count when another replica than the promoted one was not waited for, and is back', async () => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    one.signal('SIGSTOP');
    await excused(redis);
    expect(replicas.awaited).toBe(1);
    await promote(other);
    one.signal('SIGCONT');
    expect(await write(redis)).toBe(`${names(other)}, a replica before, is a master, too`);
  });

  it('does not count when the promoted replica was known from the Sentinels only', async () => {
    await promote(one);
    await follows(1);
    replicas.expect({ host: '127.0.0.1', port: one.port });
    expect(await write()).toBe(`${names(one)}, a replica before, is a master, too`);
  });

  it('does not count on a master that is one no longer', async () => {
    const redis = connect(master);
    await redis.incr('x');
    await redis.replicaof('127.0.0.1', one.port);
    const refusal = await replicas.confirm(redis).catch((error: unknown) => error);
    expect(isUnavailable(refusal)).toBe(true);
  });

  it.each([
    ['hangs', hang, wake],
    ['is dead', (node: RedisNode) => node.kill(), (node: RedisNode) => node.run()],
  ])('counts without a replica that %s, until it is back', async (_, away, back) => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    await away(one);
    await excused(redis);
    expect([replicas.awaited, replicas.excused]).toEqual([1, 1]);
    await back(one);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2, {
      timeoutMs: 20_000,
    });
    await promote(one);
    expect(await write(redis)).toBe(`${names(one)}, a replica before, is a master, too`);
  });

  it.each([
    ['hung', hang, wake],
    [
      'was dead',
      (node: RedisNode) => node.kill(),
      (node: RedisNode) => node.run(['--replicaof', 'no', 'one']),
    ],
  ])('does not count when a replica that %s is back as a master', async (_, away, back) => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    await away(one);
    await excused(redis);
    await back(one);
    await promote(one);
    await until(async () => (await write(redis)) === `${names(one)}, a replica before, is a master, too`);
  });

  it('counts at once without a replica that is dead, and not without one that hangs and may yet be promoted', async () => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    await one.kill();
    expect(await write(redis)).toBe(undefined);
    await one.run();
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2, {
      timeoutMs: 20_000,
    });
    one.signal('SIGSTOP');
    expect(await write(redis)).toBe(`${names(one)} does not answer, and may be a master by now`);
    expect([replicas.awaited, replicas.excused]).toEqual([2, 0]);
    await excused(redis);
  });

  it('does not count when a replica stalls in the moment of its promotion', async () => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    await promote(one);
    one.signal('SIGSTOP');
    expect(await write(redis)).toContain('does not answer');
    one.signal('SIGCONT');
    expect(await write(redis)).toBe(`${names(one)}, a replica before, is a master, too`);
  });

  it('does not count when no replica has it', async () => {
    for (const each of [one, other]) each.signal('SIGSTOP');
    expect(await write()).toContain(NONE);
    for (const each of [one, other]) await each.kill();
    expect(await write()).toContain(NONE);
  });

  it('does not wait for one twice that the Sentinels know by another name', async () => {
    replicas.expect({ host: 'localhost', port: one.port });
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    expect(await write(redis)).toBe(undefined);
    expect([replicas.awaited, replicas.excused]).toEqual([2, 1]);
  });

  it('waits for a replica that is new', async () => {
    const redis = connect(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2);
    await replicaOf(master);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 3, {
      timeoutMs: 20_000,
    });
  });
});

describe('after a failover', () => {
  it('neither the new master nor the old one, which nobody has told yet, is taken for one that was promoted', async () => {
    await write();
    await promote(one);
    await other.ask((at) => at.replicaof('127.0.0.1', one.port));
    await follows(1, one);
    // Of some failover before.
    replicas.expect({ host: '127.0.0.1', port: master.port });
    const redis = connect(one);
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 1);
    expect(await replicas.look(await lookAt(redis))).toBe(false);
    expect(replicas.excused).toBe(1);
    await master.ask((at) => at.replicaof('127.0.0.1', one.port));
    await until(async () => (await write(redis)) === undefined && replicas.awaited === 2, {
      timeoutMs: 20_000,
    });
  });
});

it('a replica that was promoted is never forgotten', async () => {
  const redis = connect(master);
  await write(redis);
  await promote(one);
  await until(async () => (await write(redis)) === `${names(one)}, a replica before, is a master, too`);
  for (let second = 0; second < 100; second++) expect(await replicas.look(await lookAt(redis))).toBe(true);
});

it('no replica is asked any more when all is closed', () => {
  const opened = vi.fn<() => Redis>();
  const closed = new Replicas(opened);
  closed.close();
  closed.expect({ host: '127.0.0.1', port: one.port });
  expect(opened).not.toHaveBeenCalled();
});

it('a replica that is none any more is forgotten', async () => {
  const redis = connect(master);
  await write(redis);
  await one.kill();
  await until(async () => (await lookAt(redis)).replicas.size === 1);
  for (let second = 0; second < 60; second++) await replicas.look(await lookAt(redis));
  expect(replicas.excused).toBe(1);
  await replicas.look(await lookAt(redis));
  expect(replicas.excused).toBe(0);
});
