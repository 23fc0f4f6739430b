import { type BlockList, isIP } from 'node:net';
import { compileCidrs } from './cidr.js';
import { embeddedIPv4 } from './embedded-ipv4.js';
import { type HostPattern, parseHostPattern } from './host-pattern.js';
import { withoutRootDot } from './target-host.js';

/** Which hosts may be called, as patterns ({@link parseHostPattern}). */
export interface DestinationPolicy {
  /** Nothing here = every host. */
  readonly allow: readonly string[];
  /** Wins over what is allowed. */
  readonly deny: readonly string[];
}

/** A {@link DestinationPolicy} made ready to ask. */
export interface Destinations {
  /** Why a URL may not be called, in words that complete "The host ..."; nothing when it may. */
  refusal(url: URL): string | undefined;
}

/** @throws Error with the text of the first pattern that is none */
export function compileDestinations({ allow, deny }: DestinationPolicy): Destinations {
  const [allowed, denied] = [new HostSet(allow), new HostSet(deny)];
  return {
    refusal(url) {
      if (denied.has(url, 'some')) return 'is denied to this client';
      return allow.length > 0 && !allowed.has(url, 'every')
        ? 'is not among those that this client may call'
        : undefined;
    },
  };
}

interface Addresses {
  readonly list: BlockList;
  readonly port: string | undefined;
}

/** The hosts that any of some patterns means. */
class HostSet {
  /** Names, `*.` before those that stand for what is below, with the port behind a colon where one is named. */
  private readonly names = new Set<string>();
  private readonly addresses: Addresses[] = [];

  constructor(patterns: readonly string[]) {
    for (const text of patterns) {
      const pattern = parseHostPattern(text);
      if (!pattern) throw new Error(`"${text}" is no pattern of hosts`);
      this.add(pattern);
    }
  }

  /** @param readings of an address that stands for other hosts, perhaps: which of these have to be meant */
  has(url: URL, readings: 'some' | 'every'): boolean {
    const host = withoutRootDot(url.hostname);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const names = (name: string): boolean => this.names.has(name) || this.names.has(`${name}:${port}`);
    if (names('*')) return true;
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0) {
      const hosts = embeddedIPv4(address);
      const isMeant = (each: string): boolean => this.hasAddress(each, port);
      return isMeant(address) || (hosts.length > 0 && hosts[readings](isMeant));
    }
    return names(host) || namesAbove(host).some((above) => names(`*.${above}`));
  }

  private add(pattern: HostPattern): void {
    if (pattern.kind === 'addresses') {
      this.addresses.push({ list: compileCidrs([pattern.range]), port: pattern.port });
      return;
    }
    const port = pattern.port === undefined ? '' : `:${pattern.port}`;
    const names = { all: '*', name: '', below: '*.' }[pattern.kind];
    this.names.add(names + (pattern.kind === 'all' ? '' : pattern.host) + port);
  }

  private hasAddress(address: string, port: string): boolean {
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    return this.addresses.some(
      (each) => (each.port === undefined || each.port === port) && each.list.check(address, family),
    );
  }
}

/** `b.c` and `c` of `a.b.c`. */
function namesAbove(host: string): string[] {
  const labels = host.split('.');
  return labels.slice(1).map((_, at) => labels.slice(at + 1).join('.'));
}
