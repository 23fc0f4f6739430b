import { Redis } from 'ioredis';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { redisUrl } from '../../test/support/test-app.js';
import { decodeCircuit, encodeCircuit } from '../queue/gates/circuit.js';
import { CIRCUITS_KEY, OPEN_CIRCUITS_KEY } from '../redis/keys.js';
import { troubledHosts } from './names-in-store.js';

const CLOSED = decodeCircuit(`c;0;0;0;0${';0'.repeat(8)};;;;`);
const redis = new Redis(redisUrl());
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

async function open(...hosts: string[]): Promise<void> {
  const circuit = encodeCircuit({ ...CLOSED, state: 'open', since: 1, openedAt: 1, until: Infinity });
  for (const host of hosts) {
    await redis.hset(CIRCUITS_KEY, host, circuit);
    await redis.zadd(OPEN_CIRCUITS_KEY, 0, host);
  }
}

it('tells the state of the hosts that hold the most, however many others are open', async () => {
  await open('http://a', 'http://b', 'http://c', 'http://z');
  const parked = new Map([
    ['h:http://z', 9],
    ['k:client http://y', 3],
  ]);
  expect(await troubledHosts(redis, 2, parked)).toEqual({
    circuits: { open: 4, half_open: 0, ramping: 0 },
    hosts: [
      { name: 'http://z', state: 'open', deferred: 9 },
      { name: 'http://y', state: 'closed', deferred: 3 },
    ],
  });
});
