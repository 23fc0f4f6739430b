import { type BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { compileCidrs } from './cidr.js';
import { embeddedIPv4 } from './embedded-ipv4.js';

/** Which addresses may be called besides the public ones. */
export interface AddressPolicy {
  /** Opens private (RFC 1918), carrier-grade NAT, IPv6 unique local and loopback addresses. */
  readonly allowPrivateUrls: boolean;
  /** Opens 127.0.0.0/8 and ::1 only. */
  readonly allowLoopbackUrls: boolean;
  /** `address/prefix` or bare addresses that are never called; wins over everything else. */
  readonly denyCidrs: readonly string[];
}

export type AddressVerdict =
  { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** An {@link AddressPolicy} made ready to ask. */
export interface AddressGuard {
  /** @param address an IPv4 or IPv6 address in its standard notation; anything else is refused */
  judge(address: string): AddressVerdict;
}

/** Whoever enqueues chooses the addresses, so there must be an end to it. */
const MOST_REMEMBERED = 1000;

const ALLOWED: AddressVerdict = { allowed: true };
const refuse = (reason: string): AddressVerdict => ({ allowed: false, reason });

/**
 * Where clouds hand out credentials to whoever asks from inside. Closed under every policy: no task has
 * business there. Some lie outside the link-local range (Azure's is public-looking, Alibaba's is CGNAT).
 */
const METADATA = compileCidrs([
  '169.254.0.0/16', // AWS, Google, Azure, OpenStack, ECS task roles
  '168.63.129.16', // Azure wire server
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle
  'fd00:ec2::/32', // AWS over IPv6 (fd00:ec2::254 and its neighbours)
  'fd20:ce::254', // Google over IPv6
  'fd00:42::42', // Scaleway over IPv6
  'fe80::a9fe:a9fe', // OpenStack over IPv6
]);

/** The only block IANA assigns public IPv6 addresses from. */
const GLOBAL_UNICAST = compileCidrs(['2000::/3']);
/** ::a.b.c.d, deprecated by RFC 4291 2.5.5.1; some stacks still route it to the IPv4 address. */
const IPV4_COMPATIBLE = compileCidrs(['::/96']);

/**
 * Where networks without IPv4 reach the IPv4 internet (RFC 6052, 2.1): the last 32 bits are the address of the host, which
 * is judged. Resolvers of such networks (DNS64) answer with these for every name that has IPv4 only.
 */
const NAT64 = compileCidrs(['64:ff9b::/96']);

/** ipaddr.js's name of a special range → the words a refusal uses. Ranges not named here are special purpose. */
const WORDS = new Map([
  ['unspecified', 'unspecified address'],
  ['loopback', 'loopback address'],
  ['private', 'private address'],
  ['uniqueLocal', 'private address'],
  ['carrierGradeNat', 'carrier-grade NAT address'],
  ['linkLocal', 'link-local address'],
  ['deprecatedSiteLocal', 'site-local address'],
  ['multicast', 'multicast address'],
  ['broadcast', 'broadcast address'],
  ['benchmarking', 'benchmarking address'],
  ['reserved', 'reserved address'],
  ['6to4', 'IPv4 address embedded in IPv6'],
  ['teredo', 'IPv4 address embedded in IPv6'],
  ['ipv4Compatible', 'IPv4 address embedded in IPv6'],
  ['rfc6052', 'IPv4 address embedded in IPv6'],
  ['rfc6145', 'IPv4 address embedded in IPv6'],
]);

const OPENED_BY_PRIVATE = new Set(['private', 'uniqueLocal', 'carrierGradeNat', 'loopback']);

/**
 * Readies a policy. The special ranges are those of the IANA registries (RFC 6890), by way of ipaddr.js,
 * narrowed further: of IPv6 only 2000::/3 counts as public.
 *
 * @throws Error with the text of the first entry of `denyCidrs` that is no range
 */
export function compileAddressPolicy(policy: AddressPolicy): AddressGuard {
  const denied = compileCidrs(policy.denyCidrs);
  const opened = new Set(
    policy.allowPrivateUrls ? OPENED_BY_PRIVATE : policy.allowLoopbackUrls ? ['loopback'] : [],
  );
  return remembering((address) => {
    const read = readAddress(address);
    if (read === undefined) return refuse('not an IP address');
    const { text, family, range } = read;
    if (isIn(denied, read)) return refuse('denied by DENY_CIDRS');
    if (METADATA.check(text, family)) return refuse('cloud metadata address');
    if (range === 'unicast' || opened.has(range)) return ALLOWED;
    return refuse(WORDS.get(range) ?? 'special-purpose address');
  });
}

function isIn(list: BlockList, { text, family, via }: Address): boolean {
  return list.check(text, family) || (via !== undefined && list.check(via, 'ipv6'));
}

/** Tasks go to the same few addresses again and again, and a look into the ranges costs more than the rest of a URL. */
function remembering(judge: AddressGuard['judge']): AddressGuard {
  const verdicts = new Map<string, AddressVerdict>();
  return {
    judge(address) {
      const known = verdicts.get(address);
      if (known) return known;
      if (verdicts.size >= MOST_REMEMBERED) verdicts.clear();
      const verdict = judge(address);
      verdicts.set(address, verdict);
      return verdict;
    },
  };
}

interface Address {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
  /** `unicast` for public, else the name of the special range. */
  readonly range: string;
  /** The IPv6 address in which an IPv4 address was found that is reached by translation. */
  readonly via?: string;
}

function readAddress(address: string): Address | undefined {
  const text = address.replace(/%.*$/, '');
  const version = isIP(text);
  if (version === 0) return undefined;
  // Looked at before ipaddr.js does, which takes `::8.8.8.8` for the mapped `::ffff:8.8.8.8`.
  if (version === 6 && IPV4_COMPATIBLE.check(text, 'ipv6')) {
    return { text, family: 'ipv6', range: compatibleRange(text) };
  }
  if (version === 6 && NAT64.check(text, 'ipv6')) {
    return translated(text);
  }
  // An IPv4-mapped address (::ffff:a.b.c.d) reaches the IPv4 host, so it is judged as that host.
  const ip = ipaddr.process(text);
  return ip.kind() === 'ipv4'
    ? { text: ip.toString(), family: 'ipv4', range: ip.range() }
    : { text, family: 'ipv6', range: globalRange(ip.range(), text) };
}

/** Private hosts are nobody's to reach that way (RFC 6052, 3.1), whatever is allowed. */
function translated(text: string): Address {
  const [host = ''] = embeddedIPv4(text);
  return ipaddr.parse(host).range() === 'unicast'
    ? { text: host, family: 'ipv4', range: 'unicast', via: text }
    : { text, family: 'ipv6', range: 'rfc6052' };
}

/** Of ::/96 only :: and ::1 have a meaning of their own. */
function compatibleRange(text: string): string {
  const range = ipaddr.parse(text).range();
  return range === 'loopback' || range === 'unspecified' ? range : 'ipv4Compatible';
}

function globalRange(range: string, text: string): string {
  return range === 'unicast' && !GLOBAL_UNICAST.check(text, 'ipv6') ? 'reserved' : range;
}
