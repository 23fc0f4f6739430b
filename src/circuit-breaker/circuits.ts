import { Injectable } from '@nestjs/common';
import type { ChainableCommander } from 'ioredis';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { type Circuit, type CircuitState, decodeCircuit, stateAt } from '../queue/gates/circuit.js';
import { HostChanges, parseChanges } from '../queue/gates/host-changes.js';
import { QueueClock } from '../queue/queue-clock.js';
import { breakerText, maxTaskAgeMs } from '../queue/queue-rules.js';
import { scripts } from '../queue/scripts.js';
import { whenAvailable } from '../queue/when-available.js';
import { hostName } from './host-name.js';
import { CIRCUITS_KEY, OPEN_CIRCUITS_KEY, parkKey, PREFIX, RUNNING_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** The circuit of a host, and who waits for it. Times are Unix milliseconds. */
export interface HostCircuit {
  /** An origin. */
  readonly host: string;
  readonly state: CircuitState;
  /** Consecutive ones that count now. */
  readonly failures: number;
  /** Half-open: probes of this window that succeeded. */
  readonly successes: number;
  /** Probes that are under way. */
  readonly probes: number;
  /** Tasks that it holds back. */
  readonly parked: number;
  /** When the outage began; of what is not closed. */
  readonly openedAt?: number;
  /** Open: when the next probe goes out; nothing = not before somebody closes it. */
  readonly nextProbeAt?: number;
  /** Somebody has opened it. */
  readonly isForced: boolean;
  /** The status or code of the last failure; of one that somebody has opened: why. */
  readonly note: string;
  /** Until then it has asked some clients to wait. */
  readonly clientsHeldUntil?: number;
}

export interface OpenOrder {
  /** Shown to whoever asks why tasks wait. */
  readonly reason: string;
  /** Unix milliseconds. */
  readonly until?: number;
}

export interface CircuitPage {
  readonly circuits: readonly HostCircuit[];
  /** The host after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/**
 * The circuits of hosts, for operators. What they change holds from the next fetch of every worker on, for tasks that are
 * queued already too. A host may be named by any URL of it. All of it throws `QueueUnavailable`.
 */
@Injectable()
export class Circuits {
  private readonly breaker: string;
  private readonly maxAgeMs: number;
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
    private readonly hostChanges: HostChanges,
  ) {
    this.breaker = breakerText(config);
    this.maxAgeMs = maxTaskAgeMs(config);
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * Those that are not closed, in the order of their hosts.
   *
   * @param after the host that the page before ended with
   */
  list(limit: number, after?: string): Promise<CircuitPage> {
    return whenAvailable(async () => {
      const from = after === undefined ? '-' : `(${after}`;
      const { producer } = this.connections;
      const hosts = await producer.zrange(OPEN_CIRCUITS_KEY, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1);
      const shown = hosts.slice(0, limit);
      const circuits = await this.read(shown);
      const last = shown.at(-1);
      return { circuits, ...(hosts.length > limit && last !== undefined && { next: last }) };
    });
  }

  /** Also of a host that nothing is known of: it is closed. */
  find(url: string): Promise<HostCircuit> {
    const host = hostName(url);
    return whenAvailable(async () => (await this.read([host]))[0] ?? nothingAgainst(host));
  }

  /** How many are not closed. */
  count(): Promise<number> {
    return whenAvailable(() => this.connections.producer.zcard(OPEN_CIRCUITS_KEY));
  }

  /**
   * Nothing is sent to the host any more, but what is under way.
   *
   * @param order.until when it may be probed; nothing = not before somebody closes it
   * @param line for the audit log
   */
  open(url: string, { reason, until }: OpenOrder, line?: AuditLine): Promise<HostCircuit> {
    return this.order(url, ['open', until ?? '', reason], line);
  }

  /**
   * Its tasks are let in step by step, as after an outage; failures open it again.
   *
   * @param line for the audit log
   */
  close(url: string, line?: AuditLine): Promise<HostCircuit> {
    return this.order(url, ['close', '', ''], line);
  }

  /**
   * Forgets all that there is against the host: its tasks are let in at once, those of clients it asked to wait too.
   *
   * @param line for the audit log
   */
  reset(url: string, line?: AuditLine): Promise<HostCircuit> {
    return this.order(url, ['reset', '', ''], line);
  }

  private async order(url: string, order: Order, line?: AuditLine): Promise<HostCircuit> {
    const host = hostName(url);
    // Of a circuit that changes in this very moment, the log may tell the state before that.
    const audited = line?.(await this.find(host), asOrdered(order)) ?? '';
    const args = [
      this.clock.scriptTime(),
      host,
      ...order,
      this.breaker,
      this.maxAgeMs,
      audited,
      this.auditEntries,
    ];
    return whenAvailable(async () => {
      const reply = await this.connections.write((redis) => scripts.setCircuit.run(redis, PREFIX, args));
      const [, changes] = reply as [circuit: string, changes: string[]];
      this.hostChanges.tell(parseChanges(changes));
      return this.find(host);
    });
  }

  private async read(hosts: readonly string[]): Promise<HostCircuit[]> {
    if (hosts.length === 0) return [];
    const asked: ChainableCommander = this.connections.producer.pipeline();
    for (const host of hosts) {
      asked
        .hget(CIRCUITS_KEY, host)
        .zcard(parkKey(`h:${host}`))
        .hget(RUNNING_KEY, `p:${host}`);
    }
    const answers = (await asked.exec()) ?? [];
    const failed = answers.find(([error]) => error)?.[0];
    if (failed) throw failed;
    return hosts.map((host, at) => {
      const [text, parked, probes] = answers.slice(3 * at, 3 * at + 3).map(([, value]) => value);
      const circuit = typeof text === 'string' ? decodeCircuit(text) : undefined;
      const load = { parked: Number(parked), probes: Number(probes ?? 0) };
      return { ...(circuit ? hostCircuit(host, circuit, this.clock.now()) : nothingAgainst(host)), ...load };
    });
  }
}

type Order = readonly [kind: 'open' | 'close' | 'reset', until: number | '', reason: string];

function asOrdered([kind, until, note]: Order): Partial<HostCircuit> {
  if (kind !== 'open') return { state: 'closed' };
  return { state: 'open', isForced: true, note, ...(until !== '' && { nextProbeAt: until }) };
}

function hostCircuit(host: string, circuit: Circuit, now: number): HostCircuit {
  const state = stateAt(circuit, now);
  const { until, heldUntil, openedAt } = circuit;
  if (circuit.state === 'ramping' && state === 'closed') return nothingAgainst(host);
  return {
    ...nothingAgainst(host),
    state,
    failures: circuit.failures,
    successes: circuit.successes,
    ...(state !== 'closed' && { openedAt }),
    ...(state === 'open' && until < Infinity && { nextProbeAt: until }),
    isForced: circuit.isForced,
    note: circuit.note,
    ...(heldUntil > now && { clientsHeldUntil: heldUntil }),
  };
}

function nothingAgainst(host: string): HostCircuit {
  const counts = { failures: 0, successes: 0, probes: 0, parked: 0 };
  return { host, state: 'closed', ...counts, isForced: false, note: '' };
}
