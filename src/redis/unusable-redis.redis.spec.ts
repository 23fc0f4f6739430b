import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { closedPort } from '../../test/support/loopback.js';
import { RedisNode } from '../../test/support/redis-node.js';
import { TARGET_TEST_CERT, TARGET_TEST_KEY } from '../../test/support/tls-fixture.js';
import { until } from '../../test/support/until.js';
import { loadConfig } from '../config/load-config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { RedisConnections } from './redis-connections.js';

/** Long enough to time the test out when it is waited for. */
const FOR_EVER = { REDIS_CONNECT_RETRIES: '100', REDIS_RETRY_INTERVAL_SEC: '60' };
const TWICE = { REDIS_CONNECT_RETRIES: '2', REDIS_RETRY_INTERVAL_SEC: '0.2' };

let nodes: RedisNode[];
let health: HealthRegistry;
let open: RedisConnections[];
let warn: MockInstance<Logger['warn']>;
let log: MockInstance<Logger['log']>;
beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  log = vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
  health = new HealthRegistry();
  nodes = [];
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((connections) => connections.close()));
  await Promise.all(nodes.map((node) => node.remove()));
});

async function server(...settings: string[]): Promise<RedisNode> {
  const node = await RedisNode.start(['save ""', 'appendonly no', ...settings]);
  nodes.push(node);
  return node;
}

function connect(environment: Record<string, string>): RedisConnections {
  const connections = new RedisConnections(loadConfig(environment), health);
  open.push(connections);
  return connections;
}

/** How many keys each database has, as `db7:1`. */
async function keys(node: RedisNode): Promise<string[]> {
  const info = await node.ask((redis) => redis.info('keyspace'));
  return [...info.matchAll(/^(db\d+):keys=(\d+)/gm)].map(([, db, count]) => `${db}:${count}`);
}

/** What the log was told since the test began. */
function warnings(): string[] {
  return warn.mock.calls.map(([line]) => String(line));
}

describe('a database that Redis does not have', () => {
  it('ends the waiting at once', async () => {
    const node = await server('databases 4');
    const connections = connect({ REDIS_URL: `${node.url}/4`, ...FOR_EVER });
    await expect(connections.waitUntilReady()).rejects.toThrow(/refuses database 4 .*REDIS_URL/);
  });

  it('is replaced by no other, also when it is gone only after a restart', async () => {
    const node = await server();
    const connections = connect({ REDIS_URL: `${node.url}/7` });
    const { worker } = connections;
    await connections.waitUntilReady();
    await node.kill();
    await node.run(['--databases', '4']);
    const written = worker.set('key', '1');
    await until(() => warnings().some((line) => line.includes('refuses database 7')));
    expect(worker.status).not.toBe('ready');
    expect(await keys(node)).toEqual([]);
    await node.kill();
    await node.run();
    await written;
    expect(await keys(node)).toEqual(['db7:1']);
  });
});

describe('a replica', () => {
  it('is waited for as a Redis that does not answer, and then named with its master and the setting', async () => {
    const master = await server();
    const replica = await server(`replicaof 127.0.0.1 ${master.port}`);
    const connections = connect({ REDIS_URL: replica.url, ...TWICE });
    await expect(connections.waitUntilReady()).rejects.toThrow(
      new RegExp(
        `${replica.port} is a replica, .* 127.0.0.1:${master.port}\\. Set REDIS_URL .*Tried 2 times`,
      ),
    );
    expect(warnings().filter((line) => line.includes('is a replica'))).toHaveLength(1);
  });

  it('will do as soon as it is the master, and no longer', async () => {
    const master = await server();
    const node = await server(`replicaof 127.0.0.1 ${master.port}`);
    const connections = connect({ REDIS_URL: node.url, ...TWICE, REDIS_CONNECT_RETRIES: '1000' });
    const ready = connections.waitUntilReady();
    await until(() => warnings().some((line) => line.includes('is a replica')));
    await node.ask((redis) => redis.replicaof('NO', 'ONE'));
    await ready;
    const { worker } = connections;
    await worker.set('key', '1');

    await node.ask((redis) => redis.replicaof('127.0.0.1', master.port));
    await expect(worker.set('key', '2')).rejects.toThrow(/READONLY/);
    const waiting = worker.set('key', '3');
    await until(() => worker.status !== 'ready');
    await node.ask((redis) => redis.replicaof('NO', 'ONE'));
    expect(await waiting).toBe('OK');
  });
});

it('Sentinels that do not know the master are told of with the settings', async () => {
  const node = await RedisNode.start([], ['--sentinel']);
  nodes.push(node);
  const sentinel = `127.0.0.1:${node.port}`;
  const connections = connect({ REDIS_SENTINEL_ADDR: `${sentinel},127.0.0.1:1`, ...TWICE });
  await expect(connections.waitUntilReady()).rejects.toThrow(
    /^No Sentinel tells .*"mymaster" .*127.0.0.1:1: cannot be reached.*: ERR No such master.*REDIS_MASTER_NAME/,
  );
});

it('a Sentinel in the place of Redis ends the waiting at once', async () => {
  const sentinel = await RedisNode.start([], ['--sentinel']);
  nodes.push(sentinel);
  const connections = connect({ REDIS_ADDRESS: `127.0.0.1:${sentinel.port}`, ...FOR_EVER });
  await expect(connections.waitUntilReady()).rejects.toThrow(/is a Sentinel\. Set REDIS_SENTINEL_ADDR/);
});

it('a user without rights ends the waiting at once, and is named with what is missing', async () => {
  const node = await server('user me on >pw ~* +@read +@connection +info');
  const connections = connect({ REDIS_URL: `redis://me:pw@127.0.0.1:${node.port}`, ...FOR_EVER });
  await expect(connections.waitUntilReady()).rejects.toThrow(/does not let the user "me" .*ACL SETUSER me/);
});

it('rights that are taken away later are told of by the health', async () => {
  const node = await server('user me on >pw ~* +@all');
  const connections = connect({ REDIS_URL: `redis://me:pw@127.0.0.1:${node.port}` });
  await connections.waitUntilReady();
  await node.ask((redis) => redis.call('ACL', 'SETUSER', 'me', '-@write'));
  expect((await health.check('redis')).up).toBe(false);
  expect(warnings().join()).toMatch(/does not let the user "me" .*ZADD/);
});

describe('a single Sentinel that cannot be used', () => {
  const told = (address: string) =>
    warnings().filter((line) => line.includes(`Sentinel ${address} cannot be used`));

  it('is told of once with its address and what to do, and again when it was back', async () => {
    const stray = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const master = await server();
    const monitor = [`sentinel monitor mymaster 127.0.0.1 ${master.port} 1`];
    const [one, other, locked] = await Promise.all([
      RedisNode.start(monitor, ['--sentinel']),
      RedisNode.start(monitor, ['--sentinel']),
      RedisNode.start(monitor, ['--sentinel']),
    ]);
    nodes.push(one, other, locked);
    await other.kill();
    await locked.ask((redis) => redis.call('ACL', 'SETUSER', 'default', 'resetpass', '>pw'));
    const addresses = [one, other, locked].map(({ port }) => `127.0.0.1:${port}`);
    const connections = connect({ REDIS_SENTINEL_ADDR: addresses.join(','), DURABILITY: 'replica' });
    expect(connections.writers.length).toBeGreaterThan(1);
    await connections.waitUntilReady();
    await until(() => told(addresses[1]!).length > 0 && told(addresses[2]!).length > 0);
    expect(told(addresses[1]!)).toEqual([expect.stringMatching(/ECONNREFUSED.* REDIS_SENTINEL_ADDR/)]);
    expect(told(addresses[2]!)).toEqual([expect.stringMatching(/password\)\. Set REDIS_SENTINEL_PASSWORD/)]);
    await other.run();
    await until(() => log.mock.calls.some(([line]) => line === `Sentinel ${addresses[1]!} answers again`));
    // Several connections ask it, each in its own time: one may still have been refused when another had its answer.
    const before = told(addresses[1]!).length;
    await other.kill();
    await until(() => told(addresses[1]!).length > before);
    expect(told(addresses[0]!)).toEqual([]);
    expect(stray).not.toHaveBeenCalled();
  });

  it('is no fault of theirs when all of them name a master that does not answer', async () => {
    const master = await server();
    const monitor = [`sentinel monitor mymaster 127.0.0.1 ${master.port} 1`];
    const sentinel = await RedisNode.start(monitor, ['--sentinel']);
    nodes.push(sentinel);
    await master.kill();
    const connections = connect({ REDIS_SENTINEL_ADDR: `127.0.0.1:${sentinel.port}`, ...TWICE });
    await expect(connections.waitUntilReady()).rejects.toThrow(
      new RegExp(`did not answer 2 times \\(connect ECONNREFUSED 127\\.0\\.0\\.1:${master.port}\\)`),
    );
    expect(warnings().join()).not.toContain('No Sentinel tells');
  });
});

describe('TLS', () => {
  it('with a Redis that speaks none, and the other way round, says which setting to change', async () => {
    const plain = await server();
    const folder = mkdtempSync(join(tmpdir(), 'task-runner-tls-'));
    try {
      writeFileSync(join(folder, 'cert.pem'), TARGET_TEST_CERT);
      writeFileSync(join(folder, 'key.pem'), TARGET_TEST_KEY);
      const files = `tls-cert-file ${folder}/cert.pem\ntls-key-file ${folder}/key.pem\ntls-ca-cert-file ${folder}/cert.pem`;
      const tlsPort = await closedPort();
      await server(`tls-port ${tlsPort}`, files, 'tls-auth-clients no');
      const why = (environment: Record<string, string>) =>
        connect({ ...environment, ...TWICE })
          .waitUntilReady()
          .catch((error: unknown) => String(error));
      expect(await why({ REDIS_URL: `rediss://127.0.0.1:${plain.port}` })).toMatch(/leave out REDIS_TLS/);
      expect(await why({ REDIS_ADDRESS: `127.0.0.1:${tlsPort}` })).toMatch(/set REDIS_TLS=true/);
      expect(await why({ REDIS_ADDRESS: `127.0.0.1:${tlsPort}`, REDIS_TLS: 'true' })).toMatch(
        /NODE_EXTRA_CA_CERTS/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a password that is set here', () => {
  const told = () => warnings().filter((line) => line.includes('asks for no password'));

  it.each([
    ['', 1],
    ['other', 0],
  ])('is told of once when Redis asks for none (it asks for "%s")', async (asked, lines) => {
    const node = await server();
    await node.ask((redis) => redis.config('SET', 'requirepass', asked));
    const connections = connect({ REDIS_URL: node.url, REDIS_PASSWORD: 'other' });
    await connections.waitUntilReady();
    await until(async () => (await health.check('redis')).detail?.['persistence'] === 'none');
    expect(told()).toHaveLength(lines);
    expect(JSON.stringify(await health.check('redis'))).not.toContain('password');
  });
});
