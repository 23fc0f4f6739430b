import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditedLoad, IS_LONG } from '../support/audited-load.js';
import { RedisNode } from '../support/redis-node.js';

const KILLS = IS_LONG ? 5 : 1;
const AWAY_MS = IS_LONG ? 5000 : 1000;

let redis: RedisNode;
let load: AuditedLoad;
beforeEach(async () => {
  redis = await RedisNode.start(['appendonly yes', 'appendfsync always', 'save ""']);
  load = await AuditedLoad.start({ REDIS_URL: redis.url });
});
afterEach(async () => {
  await load.stop();
  await redis.remove();
});

describe('kill -9 of a Redis that is alone', () => {
  it('loses nothing that was acknowledged, when it starts again with its append-only file', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await load.undisturbed(IS_LONG ? 5 : 1.5);
      load.faultBegins();
      await redis.kill();
      await sleep(AWAY_MS);
      await redis.run();
      await load.recovers();
    }
    const audit = await load.audit('kill9-redis-aof');
    expect(audit.lost).toEqual([]);
  });
});
