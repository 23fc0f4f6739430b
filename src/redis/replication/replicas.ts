import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { doubtOf, REPLICATION_MS, type Doubt, type Report, type Told } from './doubt.js';
import { Replica } from './replica.js';
import { type Address, addressOf, readReplicationInfo, type ReplicationInfo } from './replication-info.js';
import { type Standing, standingOf } from './standing.js';

/** After so long without the last of them, those that are missing are asked; and again each time after as long. */
const PATIENCE_MS = 100;
/** Looks at the master, one a second, after which one that is no replica of its any more is forgotten. */
const MOST_MISSED_LOOKS = 60;

/**
 * The replicas of the master, as all writers of a process know them.
 *
 * Sentinel makes a replica the master without a word to the old one, which takes writes for a second or longer, and whose
 * other replicas confirm them. All that is lost. But the one that was promoted cannot have confirmed it: so what a
 * replica lacks counts as durable only when it was asked since, and is no master.
 */
export class Replicas {
  private readonly logger = new Logger('Redis');
  private readonly known = new Map<string, Replica>();
  private isClosed = false;

  /** @param open gives a connection for asking a replica */
  constructor(private readonly open: (at: Address) => Redis) {}

  /** How many replicas a write waits for; of the others it is enough that they are no masters. */
  get awaited(): number {
    return [...this.known.values()].filter(({ isAwaited }) => isAwaited).length;
  }

  /** How many are not waited for: they are away, or behind. */
  get excused(): number {
    return this.known.size - this.awaited;
  }

  /** Is told that there is a replica, if it is not known yet. */
  expect(at: Address): void {
    const address = addressOf(at);
    if (!this.known.has(address) && !this.isClosed)
      this.known.set(address, new Replica(address, this.open(at)));
  }

  /**
   * Waits until replicas have what was written over a connection.
   *
   * @returns why it does not count as durable; nothing = it does, provided that the connection is still the same
   */
  async confirm(redis: Redis): Promise<string | undefined> {
    const until = performance.now() + REPLICATION_MS;
    const { stream } = redis;
    // All three go at once. The replicas are listed with what each has confirmed: WAIT only counts them.
    const [{ offset, history }, , seen] = await Promise.all([
      lookAt(redis),
      redis.wait(Math.max(1, this.awaited), PATIENCE_MS),
      lookAt(redis),
    ]);
    for (let master = seen; ; master = await waitForMore(redis, master, offset)) {
      const doubt = await this.doubt({ master, offset, history, mayWait: performance.now() < until });
      if (doubt?.mayPass) continue;
      // Whoever knows where the master is, Sentinels or a name server, may know better by now. It may be another one already.
      if (doubt?.isPromotion && redis.stream === stream) redis.disconnect(true);
      return doubt?.why;
    }
  }

  /**
   * Learns which replicas there are, and forgets those that are none any more. To be called once a second.
   *
   * @returns whether one of them was promoted
   */
  async look(master: ReplicationInfo): Promise<boolean> {
    const { history, offset } = master;
    const reports = await this.report({ master, history, offset, mayWait: false });
    for (const report of reports) {
      const { replica, standing } = report;
      if (CLEAR.includes(standing)) this.settle(report, master);
      const isMissed = HARMLESS.includes(standing) && !master.replicas.has(replica.address);
      replica.missedLooks = isMissed ? replica.missedLooks + 1 : 0;
      if (replica.missedLooks > MOST_MISSED_LOOKS) this.forget(replica);
    }
    return reports.some(({ standing }) => standing === 'promoted');
  }

  close(): void {
    this.isClosed = true;
    for (const replica of this.known.values()) this.forget(replica);
  }

  /** Why it may be lost with the master. Who has not taken it over and is not waited for any longer is excused. */
  private async doubt(told: Told): Promise<Doubt | undefined> {
    const { master, history } = told;
    if (!master.isMaster || master.history !== history) return { why: 'another server is the master' };
    const reports = await this.report(told);
    const doubt = doubtOf(reports, told);
    if (doubt) return doubt;
    for (const report of reports) {
      if (report.standing === 'has') report.replica.heard();
      this.settle(report, master);
    }
    return undefined;
  }

  private async report(told: Told): Promise<Report[]> {
    for (const follower of told.master.replicas.values()) this.expect(follower);
    const reports = await Promise.all([...this.known.values()].map((replica) => reportOf(replica, told)));
    for (const { replica, standing } of reports) if (standing === 'ours') this.forget(replica);
    return reports.filter(({ standing }) => standing !== 'ours');
  }

  /** Only whom the master lists can confirm: Sentinels may know the same replica by another name. */
  private settle({ replica, standing }: Report, { replicas }: ReplicationInfo): void {
    const isAwaited = standing === 'has' && replicas.has(replica.address);
    if (isAwaited === replica.isAwaited) return;
    replica.isAwaited = isAwaited;
    if (isAwaited) this.logger.log(`replica ${replica.address} is waited for before a task is acknowledged`);
    else
      this.logger.warn(
        `tasks are acknowledged without replica ${replica.address}: it ${WORDS[standing] ?? ''}`,
      );
  }

  private forget(replica: Replica): void {
    this.known.delete(replica.address);
    replica.close();
  }
}

/** Standings that say without a write whether one is to be waited for: one that lacks the last word may be in step. */
const CLEAR: readonly Standing[] = ['has', 'gone'];
/** Those of whom nothing is to be feared that is not seen when they are a replica again. */
const HARMLESS: readonly Standing[] = ['gone', 'elsewhere', 'replaced'];

const WORDS: Partial<Record<Standing, string>> = {
  has: 'is not connected to the master',
  silent: 'does not answer',
  gone: 'does not answer',
  lacks: 'is behind',
  elsewhere: 'is not in step with the master',
  replaced: 'has not been told that it is no master any more',
};

async function reportOf(replica: Replica, { master, offset }: Told): Promise<Report> {
  const confirmed = master.replicas.get(replica.address)?.offset ?? -1;
  if (confirmed >= offset) return { replica, standing: 'has' };
  return { replica, standing: standingOf(await replica.ask(), master, offset) };
}

export async function lookAt(redis: Redis): Promise<ReplicationInfo> {
  return readReplicationInfo(await redis.info('replication'));
}

async function waitForMore(
  redis: Redis,
  { replicas }: ReplicationInfo,
  offset: number,
): Promise<ReplicationInfo> {
  const confirmed = [...replicas.values()].filter((follower) => follower.offset >= offset).length;
  const [, seen] = await Promise.all([redis.wait(confirmed + 1, PATIENCE_MS), lookAt(redis)]);
  return seen;
}
