import { readdirSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisNode } from '../../test/support/redis-node.js';
import { loadConfig } from '../config/load-config.js';
import { PREFIX } from './keys.js';
import { RedisCheck } from './redis-check.js';

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
/** Each as the script has it, with a key: name and arguments. */
const listed = [...text('lua/refused-commands.lua').matchAll(/\{ ('[A-Z]+'.*) \}/g)].map(([, values = '']) =>
  values.split(', ').map((value) => (value === 'key' ? `${PREFIX}probe` : value.slice(1, -1))),
);
/** What is sent as it is, and no script calls. */
const SENT = ['BZPOPMIN', 'GETDEL', 'HKEYS', 'INFO', 'WAIT', 'XRANGE', 'XREAD', 'XREVRANGE', 'XTRIM'];

let node: RedisNode;
let admin: Redis;
beforeAll(async () => {
  node = await RedisNode.start(['save ""']);
  admin = new Redis(node.url);
});
afterAll(async () => {
  await admin.quit();
  await node.remove();
});

async function faultFor(rights: string, durability = 'master'): Promise<string | undefined> {
  await admin.call('ACL', 'SETUSER', 'user', 'reset', 'on', '>pw', ...rights.split(' '));
  const config = loadConfig({ REDIS_URL: `redis://user:pw@127.0.0.1:${node.port}`, DURABILITY: durability });
  const redis = new Redis({ port: node.port, username: 'user', password: 'pw' });
  try {
    return (await new RedisCheck(config, console as never).rightsFault(redis))?.message;
  } finally {
    redis.disconnect();
  }
}

describe('the commands that are asked about', () => {
  it('are all that scripts call, and that are sent besides', () => {
    const src = new URL('../', import.meta.url);
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.lua'),
    );
    const called = files
      .map((name) => readFileSync(new URL(name, src), 'utf8'))
      .flatMap((script) => [...script.matchAll(/\bcall\('([A-Z]+)'/g)].map(([, name]) => name));
    expect(listed.map(([name]) => name).toSorted()).toEqual([...new Set([...called, ...SENT])].toSorted());
  });

  it('have all their arguments: Redis 7.0 crashes when it is asked about one that has not', async () => {
    for (const command of listed) {
      await admin.del(`${PREFIX}probe`);
      if (command[0] === 'LSET') await admin.lpush(`${PREFIX}probe`, 'before');
      if (command[0] === 'XINFO') await admin.xadd(`${PREFIX}probe`, '*', 'field', 'value');
      await expect(admin.call(...(command as [string]))).resolves.not.toThrow();
    }
  });
});

describe('a user of Redis', () => {
  it.each([
    '~* &* +@all',
    '~{tr}:* +@all -@dangerous +info',
    '~{tr}:* +@read +@write +@scripting +@connection +time +info +wait',
  ])('may have the rights %s', async (rights) => {
    expect(await faultFor(rights, 'replica')).toBe(undefined);
  });

  it.each([
    ['~* +@read +info', 'master', /"user" .*NOPERM.*evalsha.*ACL SETUSER user/],
    ['~* +@read +@scripting +info', 'master', /\(BZPOPMIN, DEL, GETDEL, HDEL, .*ZREM, ZREMRANGEBYRANK\)/],
    ['~other:* +@all', 'master', /NOPERM.*keys/],
    ['~{tr}:* +@all -unlink', 'master', /\(UNLINK\)/],
    ['~{tr}:* +@all -wait -info', 'replica', /\(INFO, WAIT\)/],
  ])('with %s and DURABILITY=%s is told what is missing', async (rights, durability, words) => {
    expect(await faultFor(rights, durability)).toMatch(words);
  });

  it('needs no right to wait for replicas where Redis alone is enough', async () => {
    expect(await faultFor('~{tr}:* +@all -wait -info')).toBe(undefined);
  });
});
