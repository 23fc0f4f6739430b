import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Spawned } from '../support/processes.js';
import { until } from '../support/until.js';
import { canRunPods, Pods } from './pods.js';

const LONG = { timeoutMs: 90_000, every: 200 };

// One story: each test goes on where the last one ended. It needs names of its own, which only Linux with unshare gives.
describe.runIf(canRunPods())('Redis with Sentinels, as the chart starts it', { timeout: 200_000 }, () => {
  let pods: Pods;
  beforeAll(() => {
    pods = new Pods();
  });
  afterAll(async () => {
    await pods.remove();
  });

  const settled = (replicas?: number) => until(() => pods.settledMaster(replicas), LONG);
  const valueIn = (pod: string) => pods.ask(pod, (redis) => redis.get('acknowledged'));

  it('begins with the first pod as the master, in whatever order they start', async () => {
    pods.start([...pods.sentinels, ...pods.redis.toReversed()]);
    expect(await settled()).toBe('redis-0');
    expect(await pods.ask('redis-0', (redis) => redis.set('acknowledged', 'yes'))).toBe('OK');
  });

  it('serves the product, which reaches every replica by the name that it announces', async () => {
    const api = startIn(pods, pods.settingsOf('api'));
    const url = await until(() => /"url":"([^"]+)","msg":"ready as/.exec(api.output())?.[1], LONG);
    const detailed = await (await fetch(`${url}/health/detailed`)).json();
    expect(detailed).toMatchObject({
      details: { replicas: { status: 'up', connected: 2, needed: 1, excused: 0 } },
    });
    api.child.kill('SIGTERM');
    expect(await api.ended).toBe(0);
  });

  it('promotes another one when the master is lost, which follows it when it is back', async () => {
    await pods.kill(['redis-0']);
    const master = await settled(1);
    expect(await valueIn(master)).toBe('yes');
    pods.start(['redis-0']);
    expect(await settled()).toBe(master);
    expect(await until(() => valueIn('redis-0'), LONG)).toBe('yes');
  });

  it('does not let a master that lost its disk empty the others', async () => {
    const master = await settled();
    await pods.kill([master]);
    pods.loseDisk(master);
    pods.start([master]);
    const next = await settled();
    expect(next).not.toBe(master);
    expect(pods.outputOf(master)).toContain('its data is gone; waiting until they promote another');
    expect(await valueIn(next)).toBe('yes');
    expect(await until(() => valueIn(master), LONG)).toBe('yes');
  });

  it('comes back with the same master after all of it was away, and waits for the Sentinels to name it', async () => {
    const master = await settled();
    await pods.kill([...pods.redis, ...pods.sentinels]);
    pods.start(pods.redis);
    await sleep(3000);
    expect(await pods.ask(master, (redis) => redis.ping())).toBeUndefined();
    pods.start(pods.sentinels);
    expect(await settled()).toBe(master);
    expect(await valueIn(master)).toBe('yes');
  });
});

function startIn(pods: Pods, settings: Record<string, string>): Spawned {
  const here = {
    PORT: '0',
    BIND_ADDRESS: '127.0.0.1',
    NODE_ENV: 'production',
    ADMIN_API_KEY: 'f3f7c1b2a9d84e60',
  };
  return pods.within([process.execPath, 'dist/main.js'], { ...process.env, ...settings, ...here });
}
