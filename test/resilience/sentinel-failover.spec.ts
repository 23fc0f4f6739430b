import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Audit, AuditedLoad, IS_LONG } from '../support/audited-load.js';
import { SentinelCluster } from '../support/sentinel-cluster.js';

const QUIET_SEC = IS_LONG ? 8 : 1.5;

/** Each waits until the replaced master is a replica, some ten seconds. */
const FAILOVERS = IS_LONG ? 5 : 2;

let cluster: SentinelCluster;
let load: AuditedLoad | undefined;
beforeEach(async () => {
  cluster = await SentinelCluster.start();
});
afterEach(async () => {
  await load?.stop();
  load = undefined;
  await cluster.stop();
});

async function audited(
  name: string,
  fault: (load: AuditedLoad) => Promise<void>,
  environment: Record<string, string> = {},
): Promise<Audit> {
  load = await AuditedLoad.start({ ...cluster.environment, ...environment });
  await load.undisturbed(QUIET_SEC);
  await fault(load);
  await load.recovers().catch((error: unknown) => {
    throw new Error(`${String(error)}\n${cluster.story()}`, { cause: error });
  });
  return load.audit(`sentinel-failover ${name}`);
}

async function cut(running: AuditedLoad): Promise<void> {
  await cluster.cutReplicasOff();
  await sleep(3000);
  running.faultBegins();
  await cluster.master.kill();
}

describe('with Sentinel, nothing that was acknowledged is lost when the master', () => {
  it('is killed', async () => {
    const audit = await audited('kill', async (running) => {
      running.faultBegins();
      await cluster.master.kill();
    });
    expect(audit.lost).toEqual([]);
  });

  it('hangs', async () => {
    const audit = await audited('freeze', async (running) => {
      running.faultBegins();
      cluster.master.signal('SIGSTOP');
      await running.recovers();
      cluster.master.signal('SIGCONT');
      if (IS_LONG) await sleep(20_000);
    });
    expect(audit.lost).toEqual([]);
  });

  it('hangs until a replica is in its place', async () => {
    const audit = await audited('freeze until a promotion', async (running) => {
      running.faultBegins();
      cluster.master.signal('SIGSTOP');
      await cluster.promotion();
      cluster.master.signal('SIGCONT');
    });
    expect(audit.lost).toEqual([]);
  });

  it('is well, and is replaced several times in a row', async () => {
    const audit = await audited('planned', async (running) => {
      for (let n = 0; n < FAILOVERS; n++) {
        running.faultBegins();
        await cluster.failOver();
        await running.recovers();
        await cluster.settled();
      }
    });
    expect(audit.lost).toEqual([]);
  });

  it('is well, and is replaced by one that stands still as soon as it is the master', async () => {
    const audit = await audited('planned, and the new master stalls', async (running) => {
      running.faultBegins();
      await cluster.orderFailOver();
      const promoted = await cluster.promotion();
      promoted.signal('SIGSTOP');
      await sleep(2000);
      promoted.signal('SIGCONT');
      await running.recovers();
      await cluster.settled();
    });
    expect(audit.lost).toEqual([]);
  });

  it('is killed when its replicas have been cut off for three seconds', async () => {
    const audit = await audited('cut', cut);
    expect(audit.lost).toEqual([]);
  });

  it.runIf(IS_LONG)('is killed when the Sentinels were held up, and wait for half a minute', async () => {
    const audit = await audited('tilt', async (running) => {
      await cluster.holdSentinelsUp();
      running.faultBegins();
      await cluster.master.kill();
    });
    expect(audit.lost).toEqual([]);
  });

  it('goes away together with all Sentinels, and they come back', async () => {
    const audit = await audited('blackout', async (running) => {
      running.faultBegins();
      await cluster.blackOut();
      await sleep(IS_LONG ? 30_000 : 3000);
      await cluster.lightUp();
    });
    expect(audit.lost).toEqual([]);
  });

  it.runIf(IS_LONG)(
    'which these tests would notice: with DURABILITY=master, the cut loses tasks',
    async () => {
      const audit = await audited('cut, DURABILITY=master', cut, { DURABILITY: 'master' });
      expect(audit.lost.length).toBeGreaterThan(0);
    },
  );
});
