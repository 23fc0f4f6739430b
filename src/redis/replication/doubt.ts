import type { Replica } from './replica.js';
import type { ReplicationInfo } from './replication-info.js';
import type { Standing } from './standing.js';

/** How long replicas have to take over what was written. */
export const REPLICATION_MS = 1000;

/** What replicas are to have. */
export interface Told {
  readonly master: ReplicationInfo;
  /** All that the master was told in this history, up to here, bytes. */
  readonly history: string;
  readonly offset: number;
  /** Whether there is time to wait for one that is late. */
  readonly mayWait: boolean;
}

/** How a replica stands to what was told. */
export interface Report {
  readonly replica: Replica;
  readonly standing: Standing;
}

/** Why something does not count as durable. */
export interface Doubt {
  readonly why: string;
  /** Whether it may yet be dispelled, and there is time for it. */
  readonly mayPass?: boolean;
  /** Whether a replica was promoted, so that the connection may lead to a master that was replaced. */
  readonly isPromotion?: boolean;
}

/** Why what was told may be lost with the master; nothing = it counts as durable. */
export function doubtOf(reports: readonly Report[], told: Told): Doubt | undefined {
  const { mayWait: mayPass } = told;
  const of = (isIt: (report: Report) => boolean): string | undefined => reports.find(isIt)?.replica.address;
  const promoted = of(({ standing }) => standing === 'promoted');
  if (promoted) return { why: `${promoted}, a replica before, is a master, too`, isPromotion: true, mayPass };
  if (!of(({ standing }) => standing === 'has'))
    return { why: `no replica has taken it over within ${REPLICATION_MS} ms`, mayPass };
  const silent = of(({ replica, standing }) => standing === 'silent' && replica.isAwaited);
  if (silent) return { why: `${silent} does not answer, and may be a master by now`, mayPass };
  const late = of((report) => isLate(report, told));
  return late ? { why: `${late} has not taken it over yet`, mayPass } : undefined;
}

/** One that was in step a moment ago, and still is a replica. */
function isLate({ replica, standing }: Report, { master, mayWait }: Told): boolean {
  return mayWait && standing === 'lacks' && replica.isAwaited && master.replicas.has(replica.address);
}
