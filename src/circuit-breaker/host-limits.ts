import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import type { GateLimits } from '../queue/gates/gate.js';
import { GatedRecords } from '../queue/gates/gated-records.js';
import { GateStore } from '../queue/gates/gate-store.js';
import { hostName } from './host-name.js';
import { HOSTS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Clock } from '../time/clock.js';

/** What all tasks together may ask of a host. What is absent is no limit. */
export interface HostLimit {
  /** Calls under way at once. */
  readonly maxConcurrent?: number;
  /** Calls that begin per second, evenly spaced after the first `burst`. */
  readonly maxPerSecond?: number;
  readonly burst?: number;
}

/** Times are Unix milliseconds. */
export interface LimitedHost extends HostLimit {
  /** An origin. */
  readonly host: string;
  readonly updatedAt: number;
}

export interface HostLimitPage {
  readonly hosts: readonly LimitedHost[];
  /** The host after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

type Stored = Omit<LimitedHost, 'host'>;

/**
 * What an operator allows a host to be asked, whoever its tasks belong to. Holds for tasks that are queued already, too; what
 * is over it waits. A host may be named by any URL of it. All of it throws `QueueUnavailable`.
 */
@Injectable()
export class HostLimits {
  private readonly records: GatedRecords<Stored>;

  constructor(
    connections: RedisConnections,
    gates: GateStore,
    private readonly clock: Clock,
  ) {
    this.records = new GatedRecords<Stored>(connections.producer, gates, {
      key: HOSTS_KEY,
      gateOf: (host) => `h:${host}`,
      limitsOf,
      extracts: [],
    });
  }

  /**
   * Replaces what is set for a host; nothing in it = no limit.
   *
   * @param line for the audit log
   */
  async set(url: string, limit: HostLimit, line?: AuditLine): Promise<LimitedHost> {
    const host = hostName(url);
    const stored = await this.records.change(host, () => ({ ...limit, updatedAt: this.clock.now() }), line);
    return { host, ...stored };
  }

  async find(url: string): Promise<LimitedHost | undefined> {
    const host = hostName(url);
    const stored = await this.records.find(host);
    return stored && { host, ...stored };
  }

  /**
   * Hosts that are limited, in their order.
   *
   * @param after the host that the page before ended with
   */
  async list(limit: number, after = ''): Promise<HostLimitPage> {
    const all = [...(await this.records.all())].map(([host, stored]) => ({ host, ...stored }));
    const limited = all.filter((each) => Object.keys(limitsOf(each)).length > 0);
    const rest = limited.toSorted(byHost).filter(({ host }) => host > after);
    const hosts = rest.slice(0, limit);
    const last = hosts.at(-1);
    return { hosts, ...(rest.length > limit && last && { next: last.host }) };
  }
}

const byHost = (one: LimitedHost, other: LimitedHost) => (one.host < other.host ? -1 : 1);

function limitsOf({ maxConcurrent, maxPerSecond, burst }: HostLimit): GateLimits {
  return {
    ...(maxConcurrent !== undefined && { maxRunning: maxConcurrent }),
    ...(maxPerSecond !== undefined && { perSecond: maxPerSecond }),
    ...(burst !== undefined && { burst }),
  };
}
