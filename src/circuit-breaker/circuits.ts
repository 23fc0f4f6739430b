import { Injectable } from '@nestjs/common';
import type { ChainableCommander } from 'ioredis';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { decodeCircuit } from '../queue/gates/circuit.js';
import { HostChanges, parseChanges } from '../queue/gates/host-changes.js';
import { QueueClock } from '../queue/queue-clock.js';
import { breakerText, maxTaskAgeMs } from '../queue/queue-rules.js';
import { scripts } from '../queue/scripts.js';
import { whenAvailable } from '../queue/when-available.js';
import { CIRCUITS_KEY, OPEN_CIRCUITS_KEY, parkKey, PREFIX, RUNNING_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { auditedLine, type Order } from './circuit-order.js';
import type { OpenedByHand } from './circuit-rules.js';
import { type At, circuitSettings, type CircuitSettings } from './circuit-states.js';
import { type HostCircuit, hostCircuit } from './host-circuit.js';

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
  count(): Promise<{ readonly notClosed: number; readonly remembered: number }> {
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
    const [found] = (await this.findAll([host])) as [HostCircuit];
    return found;
  }

  /** One for each host, in one round trip. */
  findAll(hosts: readonly string[]): Promise<HostCircuit[]> {
    if (hosts.length === 0) return Promise.resolve([]);
    return whenAvailable(async () => {
      const asked = this.connections.producer.pipeline().time();
      for (const host of hosts) {
        asked
          .hget(CIRCUITS_KEY, host)
          .zcard(parkKey(`h:${host}`))
          .hget(RUNNING_KEY, `p:${host}`);
      }
      const [time, ...values] = await answersTo(asked);
      const at = this.at(time as RedisTime);
      return hosts.map((host, nth) =>
        read(host, values.slice(3 * nth, 3 * nth + 3) as unknown as Stored, at),
      );
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

  /**
   * Made for the circuit that it was decided for: when a worker was quicker, it is read again. So the log has what was before.
   * An order comes in time or is none: a host that changes with every turn does not put it off for ever.
   */
  private order(host: string, order: Order, line?: AuditLine): Promise<HostCircuit> {
    return whenAvailable(async () => {
      for (let refusals = 0; ; refusals++) {
        const [time, text] = await answersTo(
          this.connections.producer.pipeline().time().hget(CIRCUITS_KEY, host),
        );
        const before = (text as string | null) ?? '';
        const audited = line
          ? auditedLine(host, order, before, { line, at: this.at(time as RedisTime) })
          : '';
        const args = this.argsOf(host, order, audited, refusals < MOST_REFUSALS ? before : WHATEVER);
        const reply = await this.connections.write((redis) => scripts.setCircuit.run(redis, PREFIX, args));
        const [isDone, changes, stored, now] = reply as OrderReply;
        if (isDone === 0) continue;
        this.hostChanges.tell(parseChanges(changes));
        return read(host, stored, { now: Number(now), settings: this.settings });
      }
    });
  }

  private argsOf(host: string, order: Order, audited: string, before: string): (string | number)[] {
    const [until, by, note] =
      order.kind === 'open'
        ? [order.until === Infinity ? '' : order.until, order.by, order.note]
        : ['', '', ''];
    return [
      ...[this.clock.scriptTime(), host, order.kind, until, by, note],
      ...[this.breaker, this.maxAgeMs, audited, this.auditEntries, before],
    ];
  }

  /** Circuits go by the clock that their scripts go by, not by that of this process. */
  private at([seconds, microseconds]: RedisTime): At {
    const given = this.clock.scriptTime();
    const now = given === '' ? Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000) : given;
    return { now, settings: this.settings };
  }
}

type RedisTime = readonly [seconds: number | string, microseconds: number | string];
/** Its text or nothing, how many wait for the host, how many probe it. */
type Stored = readonly [text?: string | null, parked?: number, probes?: number | string | null];
type OrderReply = [isDone: number, changes: string[], stored: Stored, now: string];

/** So often an order is decided anew when a worker, or more admins than there are, was quicker. */
const MOST_REFUSALS = 50;
/** The circuit is changed whatever it is by then. */
const WHATEVER = '*';

/** @throws what Redis has answered with first, if any is an error */
async function answersTo(asked: ChainableCommander): Promise<unknown[]> {
  const answers = (await asked.exec()) ?? [];
  const failed = answers.find(([error]) => error)?.[0];
  if (failed) throw failed;
  return answers.map(([, value]) => value);
}

function read(host: string, [text, parked = 0, probes]: Stored, at: At): HostCircuit {
  const circuit = text ? decodeCircuit(text) : undefined;
  return hostCircuit(host, circuit, { parked, probes: Number(probes) }, at);
}
