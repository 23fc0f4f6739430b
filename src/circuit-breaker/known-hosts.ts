import { Injectable } from '@nestjs/common';
import type { CircuitState } from '../queue/gates/circuit.js';
import { Circuits } from './circuits.js';
import type { HostCircuit } from './host-circuit.js';
import { type HostLimit, HostLimits, isLimited, UNLIMITED } from './host-limits.js';

export interface KnownHost {
  readonly circuit: HostCircuit;
  readonly limit: HostLimit;
}

export interface HostPage {
  readonly hosts: readonly KnownHost[];
  /** How many were looked at. */
  readonly scanned: number;
  /** The host after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** Hosts that are read at once, and that are looked at for one page: a filter that fits few must not read them all. */
const PIECE = 1000;
const MOST_SCANNED = 10_000;

/** The hosts that there is anything to tell of: their circuit is not closed, or somebody has limited them. */
@Injectable()
export class KnownHosts {
  constructor(
    private readonly circuits: Circuits,
    private readonly limits: HostLimits,
  ) {}

  /**
   * In the order of their names. A page has fewer than `limit`, and is still not the last, only when as many were looked at as
   * may be.
   *
   * @param after the host that the page before ended with
   * @throws QueueUnavailable
   */
  async page(limit: number, state?: CircuitState, after = ''): Promise<HostPage> {
    const limits = await this.limits.all();
    const size = state === undefined ? limit : PIECE;
    const hosts: KnownHost[] = [];
    let last = after;
    for (let scanned = 0; ;) {
      const { names, isLast } = await this.namesAfter(last, size, limits);
      const known = await this.lookUp(names, limits);
      const fitting = known.filter((each) => isListed(each, state)).slice(0, limit - hosts.length);
      hosts.push(...fitting);
      const end = hosts.length === limit ? fitting.at(-1)!.circuit.host : names.at(-1);
      const count = end === undefined ? 0 : names.indexOf(end) + 1;
      scanned += count;
      if (isLast && count === names.length) return { hosts, scanned };
      last = end!;
      if (hosts.length === limit || scanned >= MOST_SCANNED) return { hosts, scanned, next: last };
    }
  }

  private async namesAfter(after: string, size: number, limits: ReadonlyMap<string, HostLimit>) {
    const open = await this.circuits.hosts(size + 1, after);
    const limited = [...limits.keys()].filter((host) => host > after);
    const all = [...new Set([...open, ...limited])].toSorted();
    return { names: all.slice(0, size), isLast: all.length <= size };
  }

  private async lookUp(
    names: readonly string[],
    limits: ReadonlyMap<string, HostLimit>,
  ): Promise<KnownHost[]> {
    const circuits = await this.circuits.findAll(names);
    return circuits.map((circuit) => ({ circuit, limit: limits.get(circuit.host) ?? UNLIMITED }));
  }

  /**
   * Also a host that nothing is known of.
   *
   * @throws QueueUnavailable
   */
  async find(host: string): Promise<KnownHost> {
    const [circuit, limit] = await Promise.all([this.circuits.find(host), this.limits.find(host)]);
    return { circuit, limit };
  }
}

/** It may have closed since it was listed. */
function isListed({ circuit, limit }: KnownHost, state?: CircuitState): boolean {
  if (circuit.state === 'closed' && !isLimited(limit)) return false;
  return state === undefined || circuit.state === state;
}
