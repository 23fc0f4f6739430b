import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';
import { until } from '../../test/support/until.js';
import { Replicas } from './replication/replicas.js';
import { NotDurable, Writer } from './writer.js';

const IN_MEMORY = ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0', 'enable-debug-command yes'];

let master: RedisNode;
let replica: RedisNode;
let redis: Redis;
let writer: Writer;
let replicas: Replicas;
beforeAll(async () => {
  master = await RedisNode.start(IN_MEMORY);
  replica = await RedisNode.start([...IN_MEMORY, `replicaof 127.0.0.1 ${master.port}`]);
  await until(async () => (await replica.ask((at) => at.info('replication'))).includes('link_status:up'), {
    timeoutMs: 20_000,
  });
});
afterAll(async () => {
  await replica.remove();
  await master.remove();
});
beforeEach(() => {
  redis = new Redis(master.url, { retryStrategy: () => 10 });
  replicas = new Replicas(({ port }) => new Redis(port, { maxRetriesPerRequest: 1 }));
  writer = new Writer(redis, replicas);
});
afterEach(() => {
  replica.signal('SIGCONT');
  redis.disconnect();
  replicas.close();
});

const set = (value: string) => (on: Redis) => on.set('x', value);
const stored = (node: RedisNode) => node.ask((on) => on.get('x'));

/** The connection is lost when the work is done, but before anybody says that it is durable. */
async function loseConnection(on: Redis): Promise<void> {
  const closed = new Promise((resolve) => on.once('close', resolve));
  await master.ask(async (other) => other.client('KILL', 'ID', await on.client('ID')));
  await closed;
}

describe('a write', () => {
  it('is done when a replica has it', async () => {
    expect(await writer.write(set('1'))).toBe('OK');
    expect(await stored(replica)).toBe('1');
  });

  it('is refused when no replica takes it over in time, though the master has it', async () => {
    replica.signal('SIGSTOP');
    await expect(writer.write(set('2'))).rejects.toThrow(NotDurable);
    expect(await stored(master)).toBe('2');
  });

  it('that finds what others have written, but writes nothing, vouches for it all the same', async () => {
    replica.signal('SIGSTOP');
    await master.ask(set('3'));
    await expect(writer.write((on) => on.get('x'))).rejects.toThrow(NotDurable);
    replica.signal('SIGCONT');
    expect(await writer.write((on) => on.get('x'))).toBe('3');
  });

  it('is not vouched for by another connection than the one it went over', async () => {
    const lossy = async (on: Redis) => {
      await set('4')(on);
      await loseConnection(on);
    };
    await expect(writer.write(lossy)).rejects.toThrow(/connection was lost/);
  });

  it('that may be repeated is done again after a lost connection', async () => {
    let times = 0;
    await writer.writeAgain(async (on) => {
      await set(`again ${++times}`)(on);
      if (times === 1) await loseConnection(on);
    });
    expect(times).toBe(2);
    expect(await stored(replica)).toBe('again 2');
  });

  it('waits for nobody where Redis alone is enough', async () => {
    replica.signal('SIGSTOP');
    expect(await new Writer(redis).write(set('5'))).toBe('OK');
  });
});
