import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import type { GateLimits } from '../queue/gates/gate.js';
import { GatedRecords } from '../queue/gates/gated-records.js';
import { GateStore } from '../queue/gates/gate-store.js';
import { HOSTS_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** What all tasks together may ask of a host. What is absent is no limit. */
export interface HostLimit {
  /** Calls under way at once. */
  readonly maxConcurrent?: number;
  /** Calls that begin per second, evenly spaced after the first `burst`. */
  readonly maxPerSecond?: number;
  readonly burst?: number;
}

/** No limit of any kind. */
export const UNLIMITED: HostLimit = {};

/**
 * What an operator allows a host to be asked, whoever its tasks belong to. Holds for tasks that are queued already, too; what
 * is over it waits. A host is named as `readHost` reads it. All of it throws `QueueUnavailable`.
 */
@Injectable()
export class HostLimits {
  private readonly records: GatedRecords<HostLimit>;

  constructor(connections: RedisConnections, gates: GateStore) {
    this.records = new GatedRecords<HostLimit>(connections.producer, gates, {
      key: HOSTS_KEY,
      gateOf: (host) => `h:${host}`,
      limitsOf,
      extracts: [],
    });
  }

  /**
   * Replaces what is set for a host; `UNLIMITED` removes it.
   *
   * @param line for the audit log, unless it is so already
   * @param check is asked with what is set now; what it throws is thrown, and nothing is changed
   */
  async set(
    host: string,
    limit: HostLimit,
    line?: AuditLine,
    check: (current: HostLimit) => void = () => undefined,
  ): Promise<HostLimit> {
    const wanted = isLimited(limit) ? limit : undefined;
    const change = (current: HostLimit | undefined): HostLimit | undefined => {
      check(current ?? UNLIMITED);
      return isSame(current, wanted) ? current : wanted;
    };
    return (await this.records.change(host, change, line)) ?? UNLIMITED;
  }

  async find(host: string): Promise<HostLimit> {
    return (await this.records.find(host)) ?? UNLIMITED;
  }

  /** Of the hosts that are limited. */
  all(): Promise<ReadonlyMap<string, HostLimit>> {
    return this.records.all();
  }
}

export function isLimited(limit: HostLimit): boolean {
  return Object.keys(limitsOf(limit)).length > 0;
}

function isSame(one: HostLimit = UNLIMITED, other: HostLimit = UNLIMITED): boolean {
  const names = ['maxConcurrent', 'maxPerSecond', 'burst'] as const;
  return names.every((name) => one[name] === other[name]);
}

function limitsOf({ maxConcurrent, maxPerSecond, burst }: HostLimit): GateLimits {
  return {
    ...(maxConcurrent !== undefined && { maxRunning: maxConcurrent }),
    ...(maxPerSecond !== undefined && { perSecond: maxPerSecond }),
    ...(burst !== undefined && { burst }),
  };
}
