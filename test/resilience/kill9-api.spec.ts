import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditedLoad, IS_LONG } from '../support/audited-load.js';
import { redisUrl } from '../support/test-app.js';
import { Redis } from 'ioredis';

const KILLS = IS_LONG ? 10 : 1;

let load: AuditedLoad;
beforeEach(async () => {
  const redis = new Redis(redisUrl());
  await redis.flushdb();
  await redis.quit();
  load = await AuditedLoad.start({ REDIS_URL: redisUrl() });
});
afterEach(() => load.stop());

describe('kill -9 of an API under load', () => {
  it('loses nothing that was acknowledged, and stores nothing twice that is sent again', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await load.undisturbed(IS_LONG ? 3 : 1);
      load.faultBegins();
      await load.killApi();
      await load.restartApi();
      await load.recovers();
    }
    const audit = await load.audit('kill9-api');
    expect(audit.lost).toEqual([]);
    expect(audit.duplicated).toBe(0);
  });
});
