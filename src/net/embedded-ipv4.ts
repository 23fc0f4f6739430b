import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { compileCidrs } from './cidr.js';

/** The last four bytes, where most forms have the address. */
const LAST = [12, 13, 14, 15] as const;

/** Blocks whose addresses stand for IPv4 hosts, and which of their bytes are those of the host. */
const FORMS = (
  [
    ['::/96', LAST], // IPv4-compatible (RFC 4291, 2.5.5.1)
    ['::ffff:0:0/96', LAST], // IPv4-mapped (RFC 4291, 2.5.5.2)
    ['::ffff:0:0:0/96', LAST], // IPv4-translated (RFC 2765)
    ['64:ff9b::/96', LAST], // NAT64 (RFC 6052)
    ['64:ff9b:1::/48', LAST], // NAT64 of a network (RFC 8215), with a prefix of 96 bits
    ['64:ff9b:1::/48', [6, 7, 9, 10]], // and with one of 48
    ['2002::/16', [2, 3, 4, 5]], // 6to4 (RFC 3056)
    ['2001::/32', [4, 5, 6, 7]], // Teredo (RFC 4380): its server
  ] as const
).map(([block, bytes]) => ({ block: compileCidrs([block]), bytes, mask: 0 }));

/** Of Teredo, what is behind the server stands inverted. */
const TEREDO_CLIENT = { block: compileCidrs(['2001::/32']), bytes: LAST, mask: 0xff };

/**
 * The IPv4 hosts that an IPv6 address stands for, in dotted form; none of most addresses.
 *
 * @param address in standard notation, without a zone
 */
export function embeddedIPv4(address: string): string[] {
  if (!isIPv6(address)) return [];
  const forms = [...FORMS, TEREDO_CLIENT].filter(({ block }) => block.check(address, 'ipv6'));
  if (forms.length === 0) return [];
  const all = ipaddr.parse(address).toByteArray();
  return forms.map(({ bytes, mask }) => bytes.map((at) => (all[at] ?? 0) ^ mask).join('.'));
}
