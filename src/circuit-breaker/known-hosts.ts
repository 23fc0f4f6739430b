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

interface Wanted {
  readonly limit: number;
  readonly state: CircuitState | undefined;
  readonly limits: ReadonlyMap<string, HostLimit>;
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
    const wanted = { limit, state, limits: await this.limits.all() };
    let page: HostPage = { hosts: [], scanned: 0, next: after };
    while (page.next !== undefined && page.hosts.length < limit && page.scanned < MOST_SCANNED)
      page = await this.grown(page, page.next, wanted);
    return page;
  }

  private async grown(
    { hosts: before, scanned }: HostPage,
    after: string,
    { limit, state, limits }: Wanted,
  ): Promise<HostPage> {
    const size = state === undefined ? limit : PIECE;
    const names = await this.namesAfter(after, size + 1, limits);
    const looked = await this.lookUp(names.slice(0, size), limits);
    const fitting = looked.filter((each) => isListed(each, state)).slice(0, limit - before.length);
    const hosts = [...before, ...fitting];
    const last = hosts.length < limit ? looked.at(-1) : fitting.at(-1);
    if (!last) return { hosts, scanned };
    const count = looked.indexOf(last) + 1;
    return {
      hosts,
      scanned: scanned + count,
      ...(count < names.length && { next: last.circuit.host }),
    };
  }

  private async namesAfter(after: string, most: number, limits: Wanted['limits']): Promise<string[]> {
    const open = await this.circuits.hosts(most, after);
    const limited = [...limits.keys()].filter((host) => host > after);
    return [...new Set([...open, ...limited])].toSorted().slice(0, most);
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

  /** @throws QueueUnavailable */
  async withLimit(circuit: HostCircuit): Promise<KnownHost> {
    return { circuit, limit: await this.limits.find(circuit.host) };
  }
}

/** It may have closed since it was listed. */
function isListed({ circuit, limit }: KnownHost, state?: CircuitState): boolean {
  if (circuit.state === 'closed' && !isLimited(limit)) return false;
  return state === undefined || circuit.state === state;
}
