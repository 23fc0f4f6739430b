import { Injectable } from '@nestjs/common';
import type { ChainableCommander } from 'ioredis';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { type Circuit, decodeCircuit } from '../queue/gates/circuit.js';
import { HostChanges, parseChanges } from '../queue/gates/host-changes.js';
import { QueueClock } from '../queue/queue-clock.js';
import { breakerText, maxTaskAgeMs } from '../queue/queue-rules.js';
import { scripts } from '../queue/scripts.js';
import { whenAvailable } from '../queue/when-available.js';
import { CIRCUITS_KEY, OPEN_CIRCUITS_KEY, parkKey, PREFIX, RUNNING_KEY } from '../redis/keys.js';
import type { CircuitCounts } from '../metrics/circuit-metric.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { forceClose, forceOpen, forceReset, type OpenedByHand } from './circuit-rules.js';
import { type At, circuitSettings, type CircuitSettings } from './circuit-states.js';
import { type HostCircuit, hostCircuit } from './host-circuit.js';

/** What somebody wants of a circuit. */
type Order = { readonly kind: 'close' | 'reset' } | ({ readonly kind: 'open' } & OpenedByHand);

/**
 * The circuits of hosts, for operators. What they change holds from the next fetch of every worker on, for tasks that are
 * queued already too; saying it again changes nothing. A host is named as `readHost` reads it. All of it throws
 * `QueueUnavailable`.
 */
@Injectable()
export class Circuits {
  private readonly breaker: string;
  private readonly settings: CircuitSettings;
  private readonly maxAgeMs: number;
  private readonly auditEntries: number;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
    private readonly hostChanges: HostChanges,
  ) {
    this.breaker = breakerText(config);
    this.settings = circuitSettings(config);
    this.maxAgeMs = maxTaskAgeMs(config);
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * Hosts whose circuit is not closed, or was not until just now, in their order.
   *
   * @param after only hosts that come after it
   */
  hosts(limit: number, after?: string): Promise<string[]> {
    const from = after === undefined ? '-' : `(${after}`;
    return whenAvailable(() =>
      this.connections.producer.zrange(OPEN_CIRCUITS_KEY, from, '+', 'BYLEX', 'LIMIT', 0, limit),
    );
  }

  /** How many are not closed, and of how many hosts anything is kept. */
  count(): Promise<CircuitCounts> {
    return whenAvailable(async () => {
      const [notClosed, remembered] = await Promise.all([
        this.connections.producer.zcard(OPEN_CIRCUITS_KEY),
        this.connections.producer.hlen(CIRCUITS_KEY),
      ]);
      return { notClosed, remembered };
    });
  }

  /** Also of a host that nothing is known of: it is closed. */
  async find(host: string): Promise<HostCircuit> {
    const [found = this.read(host, [])] = await this.findAll([host]);
    return found;
  }

  /** One for each host, in one round trip. */
  findAll(hosts: readonly string[]): Promise<HostCircuit[]> {
    if (hosts.length === 0) return Promise.resolve([]);
    return whenAvailable(async () => {
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
      const values = answers.map(([, value]) => value as string | number | null);
      return hosts.map((host, nth) => this.read(host, values.slice(3 * nth)));
    });
  }

  /**
   * Nothing is sent to the host any more, but what is under way.
   *
   * @param order.note shown to whoever asks why tasks wait
   * @param line for the audit log, unless it is so already
   */
  open(host: string, order: OpenedByHand, line?: AuditLine): Promise<HostCircuit> {
    return this.order(host, { kind: 'open', ...order }, line);
  }

  /**
   * Its tasks are let in step by step, as after an outage; failures open it again.
   *
   * @param line for the audit log, unless it is so already
   */
  close(host: string, line?: AuditLine): Promise<HostCircuit> {
    return this.order(host, { kind: 'close' }, line);
  }

  /**
   * Forgets all that there is against the host: its tasks are let in at once, those of clients it asked to wait too.
   *
   * @param line for the audit log, unless there is nothing
   */
  reset(host: string, line?: AuditLine): Promise<HostCircuit> {
    return this.order(host, { kind: 'reset' }, line);
  }

  /** Made for the circuit that it was decided for: when a worker was quicker, it is read again. So the log has what was before. */
  private order(host: string, order: Order, line?: AuditLine): Promise<HostCircuit> {
    return whenAvailable(async () => {
      for (;;) {
        const before = (await this.connections.producer.hget(CIRCUITS_KEY, host)) ?? '';
        const args = this.argsOf(host, order, before, line);
        const reply = await this.connections.write((redis) => scripts.setCircuit.run(redis, PREFIX, args));
        const [isDone, changes] = reply as [isDone: number, changes: string[]];
        if (isDone === 0) continue;
        this.hostChanges.tell(parseChanges(changes));
        return this.find(host);
      }
    });
  }

  private argsOf(host: string, order: Order, before: string, line?: AuditLine): (string | number)[] {
    const [until, by, note] =
      order.kind === 'open'
        ? [order.until === Infinity ? '' : order.until, order.by, order.note]
        : ['', '', ''];
    const audited = line ? this.audited(host, order, before, line) : '';
    return [
      ...[this.clock.scriptTime(), host, order.kind, until, by, note],
      ...[this.breaker, this.maxAgeMs, audited, this.auditEntries, before],
    ];
  }

  private audited(host: string, order: Order, text: string, line: AuditLine): string {
    const before = text === '' ? undefined : decodeCircuit(text);
    const at = this.at();
    const tell = (circuit: Circuit | undefined) => told(hostCircuit(host, circuit, NOBODY, at));
    return line(tell(before), tell(afterOrder(before, order, at)));
  }

  private read(
    host: string,
    [text, parked = 0, probes = 0]: readonly (string | number | null)[],
  ): HostCircuit {
    const circuit = typeof text === 'string' ? decodeCircuit(text) : undefined;
    return hostCircuit(host, circuit, { parked: Number(parked), probes: Number(probes) }, this.at());
  }

  private at(): At {
    return { now: this.clock.now(), settings: this.settings };
  }
}

function afterOrder(circuit: Circuit | undefined, order: Order, at: At): Circuit | undefined {
  if (order.kind === 'open') return forceOpen(circuit, order, at).circuit;
  return order.kind === 'close' ? forceClose(circuit, at).circuit : forceReset(circuit).circuit;
}

const NOBODY = { parked: 0, probes: 0 };

/** What the audit log has of a circuit, by the names that the API has for it. */
function told(circuit: HostCircuit): object {
  const { state, failures, isForced: forced, openedBy, note, nextProbeAt, clientsHeldUntil } = circuit;
  const cause = openedBy === undefined ? { lastError: note } : { reason: note };
  return { state, failures, forced, ...(note !== '' && cause), nextProbeAt, clientsHeldUntil };
}
