import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import {
  commandsFault,
  databaseFault,
  isSentinelFault,
  sentinelFault,
  serverFault,
} from './connect-fault.js';

const SECRET = 'hunter2';

describe('a replica', () => {
  const info = { role: 'slave', master_host: '10.0.0.1', master_port: '6380' };

  it.each([
    [{ REDIS_URL: `redis://:${SECRET}@r:1` }, 'Redis at r:1 is a replica', 'Set REDIS_URL to the master'],
    [{ REDIS_ADDRESS: 'r:2' }, 'Redis at r:2 is a replica', 'Set REDIS_ADDRESS to the master'],
    [{ REDIS_HOST: 'r', REDIS_PORT: '3' }, 'Redis at r:3 is a replica', 'Set REDIS_HOST and REDIS_PORT to'],
  ])('with %j is named, with its master and the setting', (environment: Record<string, string>, ...words) => {
    const fault = serverFault(loadConfig(environment), info);
    expect(fault?.isFinal).toBe(false);
    for (const word of [...words, '10.0.0.1:6380', 'REDIS_SENTINEL_ADDR']) {
      expect(fault?.message).toContain(word);
    }
    expect(fault?.message).not.toContain(SECRET);
  });

  it('is not what calls itself a master, nothing, or something of its own', () => {
    for (const role of ['master', 'active-replica'])
      expect(serverFault(loadConfig({}), { role })).toBe(undefined);
    expect(serverFault(loadConfig({}), {})).toBe(undefined);
  });
});

it.each([
  [{ REDIS_URL: `redis://:${SECRET}@r:1` }, 'leave out REDIS_URL'],
  [{ REDIS_HOST: 'r', REDIS_PORT: '1' }, 'leave out REDIS_HOST and REDIS_PORT'],
])(
  'a Sentinel in the place of Redis is named with the setting, and waiting is no use',
  (environment, words) => {
    const fault = serverFault(loadConfig(environment), {
      role: 'sentinel',
      redis_mode: 'sentinel',
    });
    expect(fault?.message).toMatch(/^Redis at r:1 is a Sentinel\. Set REDIS_SENTINEL_ADDR/);
    expect(fault?.message).toContain(words);
    expect(fault?.message).not.toContain(SECRET);
    expect(fault?.isFinal).toBe(true);
  },
);

it('rights that are missing are named with the user and how to give them, and waiting is no use', () => {
  const config = loadConfig({ REDIS_URL: `redis://me:${SECRET}@r:1` });
  const { message, isFinal } = commandsFault(config, 'ZADD');
  expect(message).toMatch(/^Redis at r:1 does not let the user "me" .*\(ZADD\)\. .*ACL SETUSER me ~{tr}:\*/);
  expect(message).not.toContain(SECRET);
  expect(isFinal).toBe(true);
});

it('a server without scripts is named, and waiting is no use', () => {
  const { message, isFinal } = commandsFault(loadConfig({ REDIS_HOST: 'r' }), "ERR unknown command 'eval'");
  expect(message).toMatch(/^Redis at r:6379 is none that can run scripts/);
  expect(isFinal).toBe(true);
});

it('a database that is refused is named with the server and the setting, and waiting is no use', () => {
  const config = loadConfig({ REDIS_URL: `redis://me:${SECRET}@r:1/99` });
  const { message, isFinal } = databaseFault(config, 'ERR DB index is out of range');
  expect(message).toMatch(
    /^Redis at r:1 refuses database 99 \(ERR DB index is out of range\)\. Let REDIS_URL end /,
  );
  expect(message).not.toContain(SECRET);
  expect(isFinal).toBe(true);
});

describe('Sentinels that name no master', () => {
  const config = loadConfig({
    REDIS_SENTINEL_ADDR: 'a:1,b:2,c:3',
    REDIS_MASTER_NAME: 'tasks',
    REDIS_SENTINEL_PASSWORD: SECRET,
  });

  it('are told of with what each of them said, and with the settings', () => {
    const { message, isFinal } = sentinelFault(config, [
      'failed to connect to sentinel b:2 because ERR No such master with that name',
      'failed to connect to sentinel a:1 because Connection is closed.',
      'connected to sentinel c:3 successfully, but got an invalid reply: null',
    ]);
    expect(message).toBe(
      'No Sentinel tells where the master "tasks" is (a:1: cannot be reached, b:2: ERR No such master with that name, ' +
        'c:3: does not know it). Check REDIS_SENTINEL_ADDR, REDIS_MASTER_NAME and REDIS_SENTINEL_PASSWORD.',
    );
    expect(message).not.toContain(SECRET);
    expect(isFinal).toBe(false);
  });

  it('are at least named when nothing is known of what they said', () => {
    expect(sentinelFault(config, []).message).toContain('(a:1, b:2, c:3)');
  });

  it('are known by the words of the client, whatever it adds', () => {
    expect(isSentinelFault('All sentinels are unreachable. Retrying from scratch after 100ms.')).toBe(true);
    expect(isSentinelFault('connect ECONNREFUSED 127.0.0.1:1')).toBe(false);
  });
});
