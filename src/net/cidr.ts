import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Family = 'ipv4' | 'ipv6';

interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
}

/**
 * A set of address ranges.
 *
 * @param cidrs `address/prefix`, or a bare address for that one address; host bits may be set
 * @throws Error naming the entry that is neither
 */
export function compileCidrs(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of cidrs) {
    const subnet = parseCidr(text.trim());
    if (subnet === undefined) throw new Error(`"${text}" is not an IP address or a CIDR range`);
    list.addSubnet(subnet.address, subnet.prefix, subnet.family);
  }
  return list;
}

function parseCidr(text: string): Subnet | undefined {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const widest = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : Number(bits);
  return prefix > widest ? undefined : unmapped({ address, prefix, family: `ipv${version}` as Family });
}

/** `::ffff:10.0.0.0/104` means 10.0.0.0/8: addresses are judged in their IPv4 form, so ranges must be too. */
function unmapped(subnet: Subnet): Subnet {
  if (subnet.family === 'ipv4' || subnet.prefix < 96) return subnet;
  const parsed = ipaddr.IPv6.parse(subnet.address);
  if (!parsed.isIPv4MappedAddress()) return subnet;
  return { address: parsed.toIPv4Address().toString(), prefix: subnet.prefix - 96, family: 'ipv4' };
}
