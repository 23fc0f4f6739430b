import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis, type EmbeddedRedis, type StartRedisOptions } from '../../scripts/embedded-redis.mjs';
import { descendants, isRunning, processes, start, type Spawned } from '../support/processes.js';
import { until } from '../support/until.js';

const MODULE = new URL('../../scripts/embedded-redis.mjs', import.meta.url).href;
const GUARD = fileURLToPath(new URL('../../scripts/lib/redis-guard.sh', import.meta.url));

// A process that does nothing but keep a Redis server, until its standard input ends or it is killed.
const KEEPER = `
  const { startRedis } = await import(process.argv[1]);
  try {
    const { url, pid } = await startRedis({ dataDir: process.argv[2], appendOnly: true });
    console.log(JSON.stringify({ url, pid }));
    process.stdin.resume();
  } catch (error) {
    console.log(error.message);
    process.exitCode = 1;
  }
`;

const nextPort = vi.hoisted(() => ({ pretendFree: [] as number[] }));
vi.mock('../../scripts/lib/free-port.mjs', async (importActual) => {
  const actual = await importActual<{ freePort: () => Promise<number> }>();
  return { freePort: async () => nextPort.pretendFree.shift() ?? (await actual.freePort()) };
});

let dataDir: string;
const running: EmbeddedRedis[] = [];
const keepers: Spawned[] = [];
const keptServers: number[] = [];

beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'embedded-redis-spec-')), 'data');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((redis) => redis.stop()));
  for (const keeper of keepers.splice(0)) {
    const family = descendants(keeper.pid);
    keeper.child.kill('SIGKILL');
    await keeper.ended;
    await until(() => !family.some(isRunning));
  }
  // Only a failed test leaves one behind.
  for (const pid of keptServers.splice(0).filter(isRunning)) process.kill(pid, 'SIGKILL');
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
});

async function run(options: Partial<StartRedisOptions> = {}): Promise<EmbeddedRedis> {
  const redis = await startRedis({ dataDir, appendOnly: true, ...options });
  running.push(redis);
  return redis;
}

function keep(): Spawned {
  const keeper = start(process.execPath, ['--input-type=module', '-e', KEEPER, MODULE, dataDir]);
  keepers.push(keeper);
  return keeper;
}

async function kept(keeper: Spawned): Promise<{ url: string; pid: number }> {
  await until(() => keeper.output().endsWith('\n'), { timeoutMs: 15_000 });
  const answer = JSON.parse(keeper.output()) as { url: string; pid: number };
  keptServers.push(answer.pid);
  return answer;
}

function guardOf(redis: EmbeddedRedis): number {
  return processes().find((entry) => entry.pid === redis.pid)!.ppid;
}

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
}

describe('the server', () => {
  it('answers on loopback only, and only with the password', async () => {
    const redis = await run();
    expect(await ask(redis.url, (client) => client.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1']);
    const anonymous = connect(redis.port, '127.0.0.1');
    anonymous.write('PING\r\n');
    const [reply] = (await once(anonymous, 'data')) as [Buffer];
    expect(reply.toString()).toContain('NOAUTH');
    anonymous.destroy();
  });

  it('shows its password in no command line', async () => {
    const redis = await run();
    const commands = processes().map((entry) => entry.command);
    expect(commands.some((command) => command.includes(String(redis.port)))).toBe(true);
    expect(commands.filter((command) => command.includes(redis.password))).toEqual([]);
  });

  it('writes every change to disk at once and never evicts', async () => {
    const redis = await run();
    const setting = (name: string) => ask(redis.url, (client) => client.config('GET', name));
    expect(await setting('appendonly')).toEqual(['appendonly', 'yes']);
    expect(await setting('appendfsync')).toEqual(['appendfsync', 'always']);
    expect(await setting('save')).toEqual(['save', '']);
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await setting('dir')).toEqual(['dir', redis.dataDir]);
  });

  it('keeps its data in a folder that is closed to other users', async () => {
    mkdirSync(dataDir, { mode: 0o755 });
    await run();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('copes with a data folder whose name has blanks, quotes and a backslash', async () => {
    const odd = join(dataDir, 'a "b" \\c');
    const redis = await run({ dataDir: odd });
    await ask(redis.url, (client) => client.set('key', 'value'));
    expect(readdirSync(odd)).toContain('appendonlydir');
  });

  it('leaves a folder alone that holds something else', async () => {
    mkdirSync(dataDir, { mode: 0o755 });
    writeFileSync(join(dataDir, 'thesis.txt'), '');
    await expect(run()).rejects.toThrow(/thesis\.txt.*DATA_DIR/);
    expect(statSync(dataDir).mode & 0o777).toBe(0o755);
    expect(readdirSync(dataDir)).toEqual(['thesis.txt']);
  });

  it('takes another port when somebody was quicker on the first', async () => {
    const quicker = createServer().listen(0, '127.0.0.1');
    await once(quicker, 'listening');
    const taken = (quicker.address() as { port: number }).port;
    nextPort.pretendFree.push(taken);
    const redis = await run();
    expect(redis.port).not.toBe(taken);
    quicker.close();
  });

  it('says why it does not start, and gives the folder back', async () => {
    const first = await run();
    await expect(run({ dataDir: `${dataDir}-2`, port: first.port })).rejects.toThrow(
      /did not start.*already in use/s,
    );
    const second = await run({ dataDir: `${dataDir}-2` });
    expect(isRunning(second.pid)).toBe(true);
  });
});

describe('stop', () => {
  it('ends Redis and its guard, and removes a temporary folder', async () => {
    const redis = await startRedis({ appendOnly: false });
    const guard = guardOf(redis);
    const family = [guard, ...descendants(guard)];
    expect(existsSync(redis.dataDir)).toBe(true);
    await Promise.all([redis.stop(), redis.stop()]);
    expect(isRunning(redis.pid)).toBe(false);
    expect(existsSync(redis.dataDir)).toBe(false);
    await until(() => !family.some(isRunning));
  });

  it('waits for Redis itself, even when half of the guard is killed', async () => {
    const redis = await run();
    const guard = guardOf(redis);
    process.kill(guard, 'SIGKILL');
    await until(() => !isRunning(guard));
    await redis.stop();
    expect(isRunning(redis.pid)).toBe(false);
  });

  it('keeps what was written', async () => {
    const first = await run();
    await ask(first.url, (client) => client.set('key', 'value'));
    await first.stop();
    const second = await run();
    expect(await ask(second.url, (client) => client.get('key'))).toBe('value');
  });
});

describe('the lock on the data folder', () => {
  it('refuses a second start and names the folder and the process', async () => {
    await run();
    await expect(run()).rejects.toThrow(`${dataDir} is in use by process ${process.pid}`);
    const keeper = keep();
    expect(await keeper.ended).toBe(1);
    expect(keeper.output()).toContain(`${dataDir} is in use by process ${process.pid}`);
  });

  it('lets exactly one of several win that start together', async () => {
    const contenders = Array.from({ length: 6 }, keep);
    await until(() => contenders.every((keeper) => keeper.output().endsWith('\n')), { timeoutMs: 20_000 });
    const outputs = contenders.map((keeper) => keeper.output());
    expect(outputs.filter((output) => output.startsWith('{'))).toHaveLength(1);
    expect(outputs.filter((output) => output.includes('is in use by process'))).toHaveLength(5);
  });

  it('goes to the one whose claim sorts first when two see each other', async () => {
    const earlier = await run();
    const claim = readdirSync(dataDir).find((name) => name.startsWith('holder-'))!;
    await earlier.stop();
    // Claims of this very process, so their owner lives; empty, so not won yet. Real ones end in hexadecimal.
    const [first, last] = ['', 'z'].map((end) => join(dataDir, claim.replace(/-\w+$/, `-${end}`)));
    writeFileSync(first!, '');
    await expect(run()).rejects.toThrow('is in use by process');
    rmSync(first!);
    writeFileSync(last!, '');
    const starting = run();
    await until(() => readdirSync(dataDir).filter((name) => name.startsWith('holder-')).length === 2);
    rmSync(last!);
    expect(isRunning((await starting).pid)).toBe(true);
  });

  it('is taken over from a process that has ended, even when its pid is in use again', async () => {
    mkdirSync(dataDir);
    const stale = `holder-${process.pid}.00000000.1-0a0b0c0d`;
    writeFileSync(join(dataDir, stale), `${process.pid}.00000000.1\n`);
    await run();
    expect(readdirSync(dataDir)).not.toContain(stale);
  });

  it('is taken over from a Redis that lost both its app and its guard', async () => {
    const keeper = keep();
    const { url, pid } = await kept(keeper);
    await ask(url, (client) => client.set('key', 'value'));
    const guards = descendants(keeper.pid).filter((child) => child !== pid);
    for (const guard of guards) process.kill(guard, 'SIGKILL');
    keeper.child.kill('SIGKILL');
    await keeper.ended;
    expect(isRunning(pid)).toBe(true);
    const redis = await run();
    expect(isRunning(pid)).toBe(false);
    expect(await ask(redis.url, (client) => client.get('key'))).toBe('value');
  });
});

describe('the guard', () => {
  it('ends Redis and itself when the app is killed, and nothing is lost', async () => {
    const keeper = keep();
    const { url, pid } = await kept(keeper);
    const family = descendants(keeper.pid);
    expect(family).toContain(pid);
    await ask(url, (client) => client.set('key', 'value'));
    keeper.child.kill('SIGKILL');
    await until(() => !isRunning(keeper.pid), { every: 1 });
    const redis = await run(); // at once, while the old one is still ending
    expect(isRunning(pid)).toBe(false);
    expect(await ask(redis.url, (client) => client.get('key'))).toBe('value');
    await until(() => !family.some(isRunning));
  });

  it('leaves Redis alone while the app lives, even when half of it is killed', async () => {
    const keeper = keep();
    const { url, pid } = await kept(keeper);
    const guard = descendants(keeper.pid)[0]!;
    process.kill(guard, 'SIGKILL');
    await until(() => !isRunning(guard));
    // Redis answers a blocking read only when its time is over, so it has to live that long.
    expect(await ask(url, (client) => client.blpop('nothing', 0.5))).toBe(null);
    keeper.child.kill('SIGKILL');
    await until(() => !isRunning(pid));
  });

  it('ends when Redis ends by itself, and the app learns of it', async () => {
    const redis = await run();
    const guard = guardOf(redis);
    const family = [guard, ...descendants(guard)];
    process.kill(redis.pid, 'SIGKILL');
    await redis.exited;
    expect(redis.stopping).toBe(false);
    await until(() => !family.some(isRunning));
  });

  it('does not start Redis with half a configuration', async () => {
    const started = join(dataDir, '..', 'started');
    const server = join(dataDir, '..', 'redis-server');
    writeFileSync(server, `#!/bin/sh\ntouch "${started}"\n`, { mode: 0o755 });
    const guard = start('/bin/sh', ['-c', 'exec sh "$@" 3<&0', 'sh', GUARD, server]);
    guard.child.stdin.end('bind 127.0.0.1\nport 63');
    expect(await guard.ended).toBe(1);
    expect(existsSync(started)).toBe(false);
  });
});
