import { BlockList, isIP } from 'node:net';

interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * A set of address ranges. BlockList matches an IPv4-mapped range (`::ffff:10.0.0.0/104`) with the IPv4 addresses.
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

/** Whether {@link compileCidrs} takes this entry. */
export function isAddressRange(text: string): boolean {
  return parseCidr(text.trim()) !== undefined;
}

function parseCidr(text: string): Subnet | undefined {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const widest = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : Number(bits);
  return prefix > widest ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
