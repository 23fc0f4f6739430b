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
  /** The host after which the next page begins; nothing on the last one. */
  readonly next?: string;
}

/** Hosts that are looked at for a page with a filter: one that fits to few must not read them all. */
const WINDOW = 1000;

/** The hosts that there is anything to tell of: their circuit is not closed, or somebody has limited them. */
@Injectable()
export class KnownHosts {
  constructor(
    private readonly circuits: Circuits,
    private readonly limits: HostLimits,
  ) {}

  /**
   * In the order of their names.
   *
   * @param after the host that the page before ended with
   * @throws QueueUnavailable
   */
  async page(limit: number, state?: CircuitState, after = ''): Promise<HostPage> {
    const most = state === undefined ? limit : Math.max(limit, WINDOW);
    const [open, limits] = await Promise.all([this.circuits.hosts(most + 1, after), this.limits.all()]);
    const limited = [...limits.keys()].filter((host) => host > after);
    const names = [...new Set([...open, ...limited])].toSorted();
    const looked = names.slice(0, most);
    const known = (await this.circuits.findAll(looked))
      .map((circuit) => ({ circuit, limit: limits.get(circuit.host) ?? UNLIMITED }))
      .filter((each) => isListed(each, state));
    const hosts = known.slice(0, limit);
    const next = known.length > limit ? hosts.at(-1)?.circuit.host : looked.at(-1);
    const isLast = known.length <= limit && names.length <= most;
    return { hosts, ...(!isLast && next !== undefined && { next }) };
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
